#include "server/jobs/preprocessing_spec.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/preprocessing_presets.h"
#include "core/graph/architectures.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/steps_spec.h"

namespace seedbed::jobs {
namespace {

constexpr int kMaxSide = 4096;
constexpr int kChannels = 3;

absl::Status CheckPreset(const std::string& field, const std::string& name) {
  std::vector<std::string> names;
  for (const PreprocessingPreset& preset : kPreprocessingPresets) names.emplace_back(preset.name);
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return absl::OkStatus();
  return FieldError(
      field, absl::StrCat("is ", Quoted(name), DidYouMean(name.substr(0, 100), names, "."), " There is: ", absl::StrJoin(names, ", ")));
}

using Numbers = google::protobuf::RepeatedField<double>;

// One value for each channel, or none.
absl::Status CheckChannels(const std::string& field, const Numbers& values, bool (*good)(double), std::string_view what) {
  if (values.empty()) return absl::OkStatus();
  if (values.size() == kChannels && std::all_of(values.begin(), values.end(), good)) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must be ", kChannels, " numbers", ToAbsl(what), ", one for each channel"));
}

bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

}  // namespace

absl::Status CheckPreprocessing(const std::string& field, const v1::Preprocessing& spec) {
  SB_RETURN_IF_ERROR(CheckRange(field + ".width", spec.width(), 0, kMaxSide));
  SB_RETURN_IF_ERROR(CheckRange(field + ".height", spec.height(), 0, kMaxSide));
  if (!v1::Interpolation_IsValid(spec.interpolation())) return FieldError(field + ".interpolation", "is not a known interpolation");
  if (!v1::Center_IsValid(spec.center())) return FieldError(field + ".center", "must be mean_image or none");
  if (!v1::ChannelOrder_IsValid(spec.channels())) return FieldError(field + ".channels", "must be rgb or bgr");
  if (spec.has_rescale() && !IsPositive(spec.rescale())) return FieldError(field + ".rescale", "must be a number over 0");
  SB_RETURN_IF_ERROR(CheckChannels(
      field + ".mean", spec.mean(), [](double value) { return std::isfinite(value); }, ""));
  SB_RETURN_IF_ERROR(CheckChannels(field + ".std", spec.std(), IsPositive, " over 0"));
  SB_RETURN_IF_ERROR(CheckSteps(field + ".pipeline", spec.pipeline()));
  return CheckPreset(field + ".preset", spec.preset());
}

absl::Status CompletePreprocessing(const std::string& field, std::string_view arch, bool centred, v1::Preprocessing& spec) {
  SB_ASSIGN_OR_RETURN(const graph::Architecture* architecture, graph::FindArchitecture(arch));
  SB_RETURN_IF_ERROR(CheckPreprocessing(field, spec));
  spec.set_width(ValueOr(spec.width(), architecture->side));
  spec.set_height(ValueOr(spec.height(), architecture->side));
  spec.set_interpolation(ValueOr(spec.interpolation(), v1::INTERPOLATION_BILINEAR));
  spec.set_center(ValueOr(spec.center(), centred && spec.preset().empty() ? v1::CENTER_MEAN_IMAGE : v1::CENTER_NONE));
  if (spec.preset().empty()) spec.set_preset(std::string(architecture->preset));
  return absl::OkStatus();
}

}  // namespace seedbed::jobs
