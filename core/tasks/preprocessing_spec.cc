#include "core/tasks/preprocessing_spec.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/augment/pipeline.h"
#include "core/base/status_macros.h"

namespace seedbed::tasks {
namespace {

absl::Status SetChannels(std::string_view setting, const std::vector<double>& asked, std::array<double, 3>* values) {
  if (asked.empty()) return absl::OkStatus();
  if (asked.size() != values->size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(setting), " is ", absl::StrJoin(asked, ", "), "; it must be three numbers, one for each channel"));
  }
  std::copy(asked.begin(), asked.end(), values->begin());
  return absl::OkStatus();
}

absl::Status SetOrder(std::string_view asked, image::ChannelOrder* order) {
  if (asked.empty()) return absl::OkStatus();
  if (asked != "rgb" && asked != "bgr") {
    return absl::InvalidArgumentError(absl::StrCat("channels is '", ToAbsl(asked), "'; it must be rgb or bgr"));
  }
  *order = asked == "rgb" ? image::ChannelOrder::kRgb : image::ChannelOrder::kBgr;
  return absl::OkStatus();
}

// As asked for, else those there are; both must take the pictures, which may have another size now. Every setting is written out.
absl::Status SetSteps(const std::optional<std::string>& asked, image::Preprocessing* result) {
  const std::string& text = asked ? *asked : result->steps;
  if (text.empty()) return absl::OkStatus();
  const auto list = nlohmann::json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  SB_ASSIGN_OR_RETURN(const augment::Pipeline steps, augment::Pipeline::Parse(list, "pipeline"));
  SB_RETURN_IF_ERROR(Annotate(steps.CheckSize(result->width, result->height), "pipeline"));
  result->steps = steps.empty() ? "" : steps.json().dump();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<image::Preprocessing> ResolvePreprocessing(const PreprocessingSpec& spec, const image::Preprocessing& base) {
  image::Preprocessing result = base;
  if (!spec.preset.empty()) {
    SB_ASSIGN_OR_RETURN(result, image::PresetNamed(spec.preset));
    result.width = base.width;
    result.height = base.height;
    result.interpolation = base.interpolation;
    result.steps = base.steps;
  }
  if (spec.width != 0) result.width = spec.width;
  if (spec.height != 0) result.height = spec.height;
  result.interpolation = spec.interpolation.value_or(result.interpolation);
  result.rescale = spec.rescale.value_or(result.rescale);
  SB_RETURN_IF_ERROR(SetChannels("mean", spec.mean, &result.mean));
  SB_RETURN_IF_ERROR(SetChannels("std", spec.std, &result.std));
  SB_RETURN_IF_ERROR(SetOrder(spec.channels, &result.channels));
  result.center = spec.center.value_or(result.center);
  SB_RETURN_IF_ERROR(SetSteps(spec.steps, &result));
  SB_RETURN_IF_ERROR(image::CheckPreprocessing(result));
  return result;
}

absl::StatusOr<image::Preprocessing> UsualPreprocessing(const graph::Architecture& architecture) {
  SB_ASSIGN_OR_RETURN(image::Preprocessing usual, image::PresetNamed(architecture.preset));
  usual.width = usual.height = architecture.side;
  return usual;
}

}  // namespace seedbed::tasks
