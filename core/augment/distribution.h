// Settings that are drawn anew for each image, written as imgaug writes its parameters:
//
//   0.5                     always 0.5
//   [0.75, 1.5]             uniform between both; whole numbers between both, both included, where the setting takes whole numbers
//   {"uniform": [a, b]}     the same
//   {"normal": [mean, sd]}  cut off at the ends of what the setting may be
//   {"choice": [a, b, c]}   one of them
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/philox.h"
#include "nlohmann/json_fwd.hpp"

namespace seedbed::augment {

// What a setting may be, both ends included.
struct Range {
  double low;
  double high;
};

class Distribution {
 public:
  static Distribution Constant(double value);
  static Distribution Uniform(double low, double high);

  // `field` ("augment[2].multiply.mul") begins each message. INVALID_ARGUMENT for what is none of the forms above, lies outside
  // `allowed`, has its ends the wrong way round, or a negative standard deviation.
  static absl::StatusOr<Distribution> Parse(const nlohmann::json& value, Range allowed, std::string_view field);

  // Draws nothing when constant.
  double Draw(RandomStream& random) const;
  // Whole numbers: uniform ones including both ends, others rounded half away from zero.
  int DrawInteger(RandomStream& random) const;

  bool constant() const;
  // Ends of what can be drawn.
  Range range() const;
  nlohmann::json ToJson() const;

 private:
  enum class Kind { kConstant, kUniform, kNormal, kChoice };
  Distribution(Kind kind, std::vector<double> values, Range allowed) : kind_(kind), values_(std::move(values)), allowed_(allowed) {}

  Kind kind_;
  std::vector<double> values_;  // the value; low, high; mean, standard deviation; all choices
  Range allowed_;
};

}  // namespace seedbed::augment
