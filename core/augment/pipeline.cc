#include "core/augment/pipeline.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/augment/step_fields.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {

Pipeline::Pipeline(ParsedSteps parsed)
    : steps_(std::move(parsed.steps)), names_(std::move(parsed.names)), json_(std::move(parsed.resolved)) {}

absl::StatusOr<Pipeline> Pipeline::ParseRandom(const nlohmann::json& list, std::string_view field) {
  uint32_t next_number = 0;
  SB_ASSIGN_OR_RETURN(ParsedSteps parsed, ParseSteps(list, field, &next_number));
  return Pipeline(std::move(parsed));
}

absl::StatusOr<Pipeline> Pipeline::Parse(const nlohmann::json& list, std::string_view field) {
  uint32_t next_number = 0;
  SB_ASSIGN_OR_RETURN(ParsedSteps parsed, ParseSteps(list, field, &next_number));
  const auto random = std::find(parsed.random.begin(), parsed.random.end(), true);
  if (random == parsed.random.end()) return Pipeline(std::move(parsed));
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), " has the step '",
                                                 parsed.names[static_cast<size_t>(random - parsed.random.begin())],
                                                 "' with settings that are drawn for each image; such steps belong into augment"));
}

absl::Status Pipeline::CheckSize(int width, int height) const {
  for (size_t i = 0; i < steps_.size(); ++i) SB_RETURN_IF_ERROR(Annotate(steps_[i]->CheckSize(width, height), names_[i]));
  return absl::OkStatus();
}

void Pipeline::Apply(const Sample& sample, Picture picture, Scratch* scratch) const {
  for (const std::shared_ptr<const Step>& step : steps_) step->Apply(sample, picture, scratch);
}

}  // namespace seedbed::augment
