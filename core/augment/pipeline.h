// A list of steps, as recipes write it and models store it.
//
//   pipeline: [{remove_background: seedlings}]           the same for each image: part of its preprocessing
//   augment: [{fliplr: 0.5}, {multiply: [0.8, 1.2]}]     drawn for each image and epoch: in training alone
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/augment/step.h"
#include "nlohmann/json.hpp"

namespace seedbed::augment {

struct ParsedSteps;

// Thread-safe; copies share the steps.
class Pipeline {
 public:
  Pipeline() = default;

  // Of steps that draw nothing. `field` ("pipeline") begins each message. INVALID_ARGUMENT names the step and the setting, and for a step
  // that draws says that it belongs into augment.
  static absl::StatusOr<Pipeline> Parse(const nlohmann::json& list, std::string_view field);
  // Of any steps.
  static absl::StatusOr<Pipeline> ParseRandom(const nlohmann::json& list, std::string_view field);

  bool empty() const { return steps_.empty(); }
  size_t size() const { return steps_.size(); }
  // The list with every setting written out and presets replaced by their steps: equal ones do the same.
  const nlohmann::json& json() const { return json_; }
  // Of the type of step i.
  const std::string& name(size_t i) const { return names_[i]; }

  // INVALID_ARGUMENT when pictures of this size are too small for a step; names it.
  absl::Status CheckSize(int width, int height) const;

  // In place, one step after the other. The size must have passed CheckSize.
  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const;
  // Step i alone.
  void ApplyStep(size_t i, const Sample& sample, Picture picture, Scratch* scratch) const { steps_[i]->Apply(sample, picture, scratch); }

 private:
  explicit Pipeline(ParsedSteps parsed);

  std::vector<std::shared_ptr<const Step>> steps_;
  std::vector<std::string> names_;
  nlohmann::json json_ = nlohmann::json::array();
};

}  // namespace seedbed::augment
