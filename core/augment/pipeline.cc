#include "core/augment/pipeline.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/augment/step_fields.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {

absl::Status Step::CheckSize(int /*width*/, int /*height*/) const { return absl::OkStatus(); }

absl::StatusOr<Pipeline> Pipeline::ParseRandom(const nlohmann::json& list, std::string_view field) {
  uint32_t next_number = 0;
  SB_ASSIGN_OR_RETURN(ParsedSteps parsed, ParseSteps(list, field, &next_number));
  Pipeline pipeline;
  pipeline.steps_ = std::move(parsed.steps);
  pipeline.names_ = std::move(parsed.names);
  pipeline.json_ = std::move(parsed.resolved);
  return pipeline;
}

absl::StatusOr<Pipeline> Pipeline::Parse(const nlohmann::json& list, std::string_view field) {
  SB_ASSIGN_OR_RETURN(Pipeline pipeline, ParseRandom(list, field));
  for (size_t i = 0; i < pipeline.size(); ++i) {
    uint32_t next_number = 0;
    SB_ASSIGN_OR_RETURN(const ParsedSteps step, ParseSteps(nlohmann::json::array({pipeline.json_[i]}), field, &next_number));
    if (!step.random) continue;
    return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), " has the step '", pipeline.name(i),
                                                   "' with settings that are drawn for each image; such steps belong into augment"));
  }
  return pipeline;
}

absl::Status Pipeline::CheckSize(int width, int height) const {
  for (size_t i = 0; i < steps_.size(); ++i) SB_RETURN_IF_ERROR(Annotate(steps_[i]->CheckSize(width, height), names_[i]));
  return absl::OkStatus();
}

void Pipeline::Apply(const Sample& sample, Picture picture, Scratch* scratch) const {
  for (const std::shared_ptr<const Step>& step : steps_) step->Apply(sample, picture, scratch);
}

}  // namespace seedbed::augment
