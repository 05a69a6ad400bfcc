// Reads the settings of one step. Every reader gives the default where the setting is absent, and notes the first thing that is wrong, so
// that the function that makes a step reads all its settings and then asks Finish() once:
//
//   absl::StatusOr<std::unique_ptr<Step>> MakeMultiply(StepFields* fields) {
//     auto mul = fields->Drawn("mul", Distribution::Uniform(0.8, 1.2), {0, 100});
//     auto per_channel = fields->Drawn("per_channel", Distribution::Constant(0), {0, 1});
//     SB_RETURN_IF_ERROR(fields->Finish());
//     return std::make_unique<Multiply>(fields->number(), std::move(mul), per_channel);
//   }
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/augment/distribution.h"
#include "core/augment/step.h"
#include "nlohmann/json.hpp"

namespace seedbed::augment {

class StepFields {
 public:
  // `settings`: an object. `path` ("augment[2].multiply") begins each message. `next_number` is the number of the next step made, and
  // grows with each.
  StepFields(nlohmann::json settings, std::string path, uint32_t* next_number);

  uint32_t number() const { return number_; }
  const std::string& path() const { return path_; }

  double Number(std::string_view name, double otherwise, Range allowed);
  int Integer(std::string_view name, int otherwise, Range allowed);
  bool Flag(std::string_view name, bool otherwise);
  // One of `names`; the message suggests the nearest.
  std::string Choice(std::string_view name, std::string_view otherwise, const std::vector<std::string>& names);
  // Marks the step as one that draws, unless it is constant.
  Distribution Drawn(std::string_view name, const Distribution& otherwise, Range allowed);
  // true, false or a probability, as imgaug's per_channel: by which chance it is so.
  double Chance(std::string_view name, double otherwise);
  // A list of steps; absent: none.
  std::vector<std::shared_ptr<const Step>> Steps(std::string_view name);
  // Any other form: the setting as it is, null when absent. Report what is wrong with it with Fail, and what was understood with Resolve.
  nlohmann::json Raw(std::string_view name);
  void Resolve(std::string_view name, nlohmann::json value);
  void Fail(std::string_view name, const std::string& what);
  // The same, with a message that names the setting already.
  void Note(absl::Status status);
  // The step draws random numbers whatever its settings.
  void MarkRandom() { random_ = true; }

  // The first thing that was wrong, as INVALID_ARGUMENT: also a setting that no reader asked for.
  absl::Status Finish();

  bool random() const { return random_; }
  // All settings, defaults filled in: what is stored, so that a later default changes no model.
  const nlohmann::json& resolved() const { return resolved_; }

 private:
  // The setting, marked as read; nullptr when absent.
  const nlohmann::json* Read(std::string_view name);
  std::string FieldPath(std::string_view name) const;

  const nlohmann::json settings_;
  const std::string path_;
  uint32_t* const next_number_;
  const uint32_t number_;
  std::vector<std::string> read_;
  nlohmann::json resolved_ = nlohmann::json::object();
  absl::Status status_;
  bool random_ = false;
};

// A list of steps as it is written, understood.
struct ParsedSteps {
  std::vector<std::shared_ptr<const Step>> steps;
  nlohmann::json resolved = nlohmann::json::array();  // the same list, every setting written out
  std::vector<std::string> names;                     // of the steps' types
  std::vector<bool> random;                           // whether a step draws
};

// Items are a step's name, {name: its main setting}, {name: {settings}}, or the name of a preset (presets.h), which stands for its steps.
// INVALID_ARGUMENT names the item ("augment[2]") and what is wrong.
absl::StatusOr<ParsedSteps> ParseSteps(const nlohmann::json& list, std::string_view path, uint32_t* next_number);

}  // namespace seedbed::augment
