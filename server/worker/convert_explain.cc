// Explanations, from the protocol's words to core's and back.
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/worker/convert_results.h"
#include "server/worker/convert_specs.h"

namespace seedbed::worker {
namespace {

using tasks::AttributionMethod;

absl::StatusOr<std::optional<AttributionMethod>> ToMethod(v1::Attribution::Method method) {
  switch (method) {
    case v1::Attribution::METHOD_UNSPECIFIED:
      return std::nullopt;
    case v1::Attribution::METHOD_SALIENCY:
      return AttributionMethod::kSaliency;
    case v1::Attribution::METHOD_SMOOTHGRAD:
      return AttributionMethod::kSmoothGrad;
    case v1::Attribution::METHOD_INTEGRATED_GRADIENTS:
      return AttributionMethod::kIntegratedGradients;
    case v1::Attribution::METHOD_GRADCAM:
      return AttributionMethod::kGradCam;
    case v1::Attribution::METHOD_OCCLUSION:
      return AttributionMethod::kOcclusion;
    default:
      return absl::InvalidArgumentError(absl::StrCat("attribution.method has the value ", method, ", which this version does not know"));
  }
}

absl::StatusOr<tasks::AttributionSpec> ToAttribution(const v1::Attribution& from) {
  tasks::AttributionSpec spec;
  SB_ASSIGN_OR_RETURN(spec.method, ToMethod(from.method()));
  spec.class_name = from.class_name();
  if (from.samples() != 0) spec.samples = from.samples();
  if (from.has_noise()) spec.noise = from.noise();
  spec.seed = from.seed();
  if (from.steps() != 0) spec.steps = from.steps();
  spec.layer = from.layer();
  spec.window = from.window();
  spec.stride = from.stride();
  return spec;
}

tasks::ActivationSpec ToActivations(const v1::ActivationSheet& from) {
  tasks::ActivationSpec spec;
  spec.layer = from.layer();
  spec.channels.assign(from.channels().begin(), from.channels().end());
  if (from.count() != 0) spec.count = from.count();
  return spec;
}

}  // namespace

std::vector<tasks::UploadedImage> ToUploads(const google::protobuf::RepeatedPtrField<v1::UploadedImage>& uploads) {
  std::vector<tasks::UploadedImage> images;
  for (const v1::UploadedImage& upload : uploads) images.push_back({.name = upload.name(), .sha256 = upload.sha256()});
  return images;
}

absl::StatusOr<tasks::ExplainSpec> ToExplainSpec(const v1::Assignment& assignment) {
  const v1::ExplainSpec& from = assignment.spec().explain();
  tasks::ExplainSpec spec;
  spec.model = ModelName(from.model());
  spec.model_version = assignment.inputs().model_version();
  spec.model_dir = assignment.inputs().model_dir();
  spec.dataset = from.dataset();
  spec.dataset_version = DatasetVersion(assignment, from.dataset_version());
  spec.dataset_dir = assignment.inputs().dataset_dir();
  spec.images.assign(from.images().begin(), from.images().end());
  spec.uploads = ToUploads(from.uploads());
  switch (from.view_case()) {
    case v1::ExplainSpec::kAttribution: {
      SB_ASSIGN_OR_RETURN(spec.view, ToAttribution(from.attribution()));
      return spec;
    }
    case v1::ExplainSpec::kActivations:
      spec.view = ToActivations(from.activations());
      return spec;
    case v1::ExplainSpec::VIEW_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("explain needs attribution or activations");
}

v1::PictureFile ToProto(const tasks::PictureArtifact& picture) {
  v1::PictureFile file;
  file.set_file(picture.file);
  file.set_width(picture.width);
  file.set_height(picture.height);
  file.set_bytes(picture.bytes);
  return file;
}

TaskOutput ToOutput(const v1::Assignment& /*assignment*/, const tasks::ExplainResult& result) {
  TaskOutput output;
  v1::ExplainResult* explain = output.result.mutable_explain();
  *explain->mutable_sheet() = ToProto(result.sheet);
  for (const tasks::ExplainedImage& image : result.images) {
    v1::ExplainedImage* explained = explain->add_images();
    explained->set_name(image.name);
    explained->set_class_name(image.class_name);
    explained->set_probability(image.probability);
    explained->mutable_files()->Add(image.files.begin(), image.files.end());
  }
  return output;
}

}  // namespace seedbed::worker
