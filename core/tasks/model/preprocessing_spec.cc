#include "core/tasks/model/preprocessing_spec.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/augment/pipeline.h"
#include "core/augment/step_fields.h"
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

constexpr char kStandardize[] = "standardize";
constexpr char kZcaWhitening[] = "zca_whitening";
constexpr char kZcaEpsilon[] = "zca_epsilon";

bool IsStandardize(const nlohmann::json& item) { return item.is_object() && item.size() == 1 && item.contains(kStandardize); }

// Keras's pair of settings; the second includes the first.
image::Standardize ReadPair(std::string_view which, augment::StepFields* fields) {
  const bool center = fields->Flag(absl::StrCat(ToAbsl(which), "_center"), false);
  const bool scale = fields->Flag(absl::StrCat(ToAbsl(which), "_std_normalization"), false);
  if (scale) return image::Standardize::kCenterAndScale;
  return center ? image::Standardize::kCenter : image::Standardize::kNone;
}

bool EndsInStandardize(const nlohmann::json& list) { return list.is_array() && !list.empty() && IsStandardize(list.back()); }
std::string StandardizePath(const nlohmann::json& list) { return absl::StrCat("pipeline[", list.size() - 1, "].", kStandardize); }

nlohmann::json ParsedSteps(const std::string& text) { return nlohmann::json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false); }

// Takes the item off the end of the list, where there is one.
absl::Status TakeStandardize(const PreprocessingSpec& spec, nlohmann::json* list, image::Preprocessing* result) {
  if (!EndsInStandardize(*list)) return absl::OkStatus();
  const std::string path = StandardizePath(*list);
  const nlohmann::json settings = list->back().at(kStandardize);
  if (!settings.is_object()) return absl::InvalidArgumentError(absl::StrCat(path, " is ", settings.dump(), "; it must be {name: value}"));
  if (settings.contains(kZcaWhitening)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".", kZcaWhitening, " is for networks that are trained from random weights; leave it out"));
  }
  uint32_t number = 0;
  augment::StepFields fields(settings, path, &number);
  const image::Standardize samplewise = ReadPair("samplewise", &fields), featurewise = ReadPair("featurewise", &fields);
  SB_RETURN_IF_ERROR(fields.Finish());
  list->erase(list->size() - 1);
  // A mean image would need the standardized pictures; without it they are centered all the same.
  if (samplewise != image::Standardize::kNone && !spec.center) result->center = image::Center::kNone;
  if (featurewise != image::Standardize::kNone && featurewise != result->featurewise) {
    if (!spec.mean.empty() || !spec.std.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(path, " has mean and std taken from the training images; leave mean and std out"));
    }
    result->mean = image::Preprocessing().mean;
    result->std = image::Preprocessing().std;
  }
  result->samplewise = samplewise;
  result->featurewise = featurewise;
  return absl::OkStatus();
}

// As asked for, else those there are; both must take the pictures, which may have another size now. Every setting is written out.
absl::Status SetSteps(const PreprocessingSpec& spec, image::Preprocessing* result) {
  const std::string& text = spec.steps ? *spec.steps : result->steps;
  if (text.empty()) return absl::OkStatus();
  nlohmann::json list = ParsedSteps(text);
  SB_RETURN_IF_ERROR(TakeStandardize(spec, &list, result));
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
    result.samplewise = base.samplewise;
  }
  if (spec.width != 0) result.width = spec.width;
  if (spec.height != 0) result.height = spec.height;
  result.interpolation = spec.interpolation.value_or(result.interpolation);
  result.rescale = spec.rescale.value_or(result.rescale);
  SB_RETURN_IF_ERROR(SetChannels("mean", spec.mean, &result.mean));
  SB_RETURN_IF_ERROR(SetChannels("std", spec.std, &result.std));
  SB_RETURN_IF_ERROR(SetOrder(spec.channels, &result.channels));
  result.center = spec.center.value_or(result.center);
  SB_RETURN_IF_ERROR(SetSteps(spec, &result));
  SB_RETURN_IF_ERROR(image::CheckPreprocessing(result));
  return result;
}

absl::StatusOr<std::optional<double>> TakeWhitening(PreprocessingSpec* spec) {
  constexpr double kUsualEpsilon = 1e-6;  // Keras's
  nlohmann::json list = ParsedSteps(spec->steps.value_or(""));
  if (!EndsInStandardize(list) || !list.back().at(kStandardize).is_object()) return std::nullopt;
  nlohmann::json& settings = list.back().at(kStandardize);
  nlohmann::json own = nlohmann::json::object();
  for (const char* name : {kZcaWhitening, kZcaEpsilon}) {
    if (settings.contains(name)) own[name] = settings[name];
    settings.erase(name);
  }
  if (own.empty()) return std::nullopt;
  uint32_t number = 0;
  augment::StepFields fields(own, StandardizePath(list), &number);
  const bool wanted = fields.Flag(kZcaWhitening, false);
  const double epsilon = fields.Number(kZcaEpsilon, kUsualEpsilon, {1e-12, 1e3});
  SB_RETURN_IF_ERROR(fields.Finish());
  if (wanted) settings["featurewise_center"] = true;
  if (wanted && !spec->center) spec->center = image::Center::kNone;
  spec->steps = list.dump();
  return wanted ? std::optional(epsilon) : std::nullopt;
}

absl::StatusOr<image::Preprocessing> UsualPreprocessing(const graph::Architecture& architecture) {
  SB_ASSIGN_OR_RETURN(image::Preprocessing usual, image::PresetNamed(architecture.preset));
  usual.width = usual.height = architecture.side;
  return usual;
}

absl::Status CheckSameStandardization(const image::Preprocessing& wanted, const image::Preprocessing& trained) {
  if (wanted.samplewise == trained.samplewise && wanted.featurewise == trained.featurewise) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("pipeline has standardize with other settings than the weights were trained with (",
                                                 image::PreprocessingDifference(wanted, trained), "); leave it out"));
}

}  // namespace seedbed::tasks
