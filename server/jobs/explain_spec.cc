#include "server/jobs/explain_spec.h"

#include <string>

#include "core/base/status_macros.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/shown_images.h"

namespace seedbed::jobs {
namespace {

constexpr int kMaxSteps = 10'000;
constexpr int kMaxChannels = 1024;
constexpr int kMaxSide = 4096;
constexpr size_t kMaxNameBytes = 256;
constexpr char kAt[] = "spec.explain";
constexpr char kAttribution[] = "spec.explain.attribution.";

absl::Status GoesWith(std::string_view field, std::string_view method) {
  return FieldError(absl::StrCat(kAttribution, ToAbsl(field)), absl::StrCat("goes with the method ", ToAbsl(method), " only"));
}

// What only one method has.
absl::Status CheckForeign(const v1::Attribution& attribution) {
  const v1::Attribution::Method method = attribution.method();
  if (method != v1::Attribution::METHOD_SMOOTHGRAD) {
    if (attribution.samples() != 0) return GoesWith("samples", "smoothgrad");
    if (attribution.has_noise()) return GoesWith("noise", "smoothgrad");
  }
  if (method != v1::Attribution::METHOD_INTEGRATED_GRADIENTS && attribution.steps() != 0) return GoesWith("steps", "integrated_gradients");
  if (method != v1::Attribution::METHOD_GRADCAM && !attribution.layer().empty()) return GoesWith("layer", "gradcam");
  if (method != v1::Attribution::METHOD_OCCLUSION) {
    if (attribution.window() != 0) return GoesWith("window", "occlusion");
    if (attribution.stride() != 0) return GoesWith("stride", "occlusion");
  }
  return absl::OkStatus();
}

absl::Status CompleteSmoothGrad(v1::Attribution& attribution) {
  attribution.set_samples(ValueOr(attribution.samples(), 50));
  if (!attribution.has_noise()) attribution.set_noise(0.15);
  SB_RETURN_IF_ERROR(CheckRange("spec.explain.attribution.samples", attribution.samples(), 1, kMaxSteps));
  if (attribution.noise() > 0 && attribution.noise() <= 1) return absl::OkStatus();
  return FieldError("spec.explain.attribution.noise", absl::StrCat("is ", attribution.noise(), ", it must be over 0 and at most 1"));
}

absl::Status CompleteAttribution(v1::Attribution& attribution) {
  if (!v1::Attribution::Method_IsValid(attribution.method())) {
    return FieldError("spec.explain.attribution.method",
                      "is not a known method; it may be saliency, smoothgrad, integrated_gradients, gradcam or occlusion");
  }
  // Only Grad-CAM has a layer.
  if (attribution.method() == v1::Attribution::METHOD_UNSPECIFIED && !attribution.layer().empty()) {
    attribution.set_method(v1::Attribution::METHOD_GRADCAM);
  }
  SB_RETURN_IF_ERROR(CheckForeign(attribution));
  SB_RETURN_IF_ERROR(CheckLength("spec.explain.attribution.class_name", attribution.class_name(), kMaxNameBytes));
  SB_RETURN_IF_ERROR(CheckLength("spec.explain.attribution.layer", attribution.layer(), kMaxNameBytes));
  SB_RETURN_IF_ERROR(CheckRange("spec.explain.attribution.window", attribution.window(), 0, kMaxSide));
  SB_RETURN_IF_ERROR(CheckRange("spec.explain.attribution.stride", attribution.stride(), 0, kMaxSide));
  if (attribution.method() == v1::Attribution::METHOD_SMOOTHGRAD) return CompleteSmoothGrad(attribution);
  if (attribution.method() != v1::Attribution::METHOD_INTEGRATED_GRADIENTS) return absl::OkStatus();
  attribution.set_steps(ValueOr(attribution.steps(), 50));
  return CheckRange("spec.explain.attribution.steps", attribution.steps(), 1, kMaxSteps);
}

absl::Status CompleteActivations(v1::ActivationSheet& sheet) {
  SB_RETURN_IF_ERROR(CheckLength("spec.explain.activations.layer", sheet.layer(), kMaxNameBytes));
  SB_RETURN_IF_ERROR(CheckRange("spec.explain.activations.channels", sheet.channels_size(), 0, kMaxChannels));
  for (const int channel : sheet.channels()) SB_RETURN_IF_ERROR(CheckRange("spec.explain.activations.channels", channel, 0, INT32_MAX));
  if (sheet.channels_size() > 0) {
    if (sheet.count() == 0) return absl::OkStatus();
    return FieldError("spec.explain.activations.count", "goes without channels: they are counted already");
  }
  sheet.set_count(ValueOr(sheet.count(), 64));
  return CheckRange("spec.explain.activations.count", sheet.count(), 1, kMaxChannels);
}

absl::Status CheckImages(const v1::ExplainSpec& spec) {
  SB_RETURN_IF_ERROR(CheckShownImages(kAt, spec.images(), spec.uploads()));
  SB_RETURN_IF_ERROR(CheckOptionalName("spec.explain.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.explain.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  if (spec.dataset().empty() != spec.images().empty()) {
    return spec.dataset().empty() ? FieldError("spec.explain.dataset", "is empty; name the dataset that the images are of")
                                  : FieldError("spec.explain.images", "is empty; name images of the dataset");
  }
  if (!spec.dataset().empty() || spec.dataset_version() == 0) return absl::OkStatus();
  return FieldError("spec.explain.dataset_version", "needs a dataset");
}

}  // namespace

absl::Status CompleteExplain(v1::ExplainSpec& spec) {
  SB_RETURN_IF_ERROR(CheckModelReference("spec.explain.model", spec.model()));
  SB_RETURN_IF_ERROR(CheckImages(spec));
  switch (spec.view_case()) {
    case v1::ExplainSpec::kAttribution:
      return CompleteAttribution(*spec.mutable_attribution());
    case v1::ExplainSpec::kActivations:
      return CompleteActivations(*spec.mutable_activations());
    case v1::ExplainSpec::VIEW_NOT_SET:
      break;
  }
  return FieldError("spec.explain.view", "is missing; give attribution or activations");
}

}  // namespace seedbed::jobs
