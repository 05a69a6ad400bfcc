#include "server/jobs/model_specs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/preprocessing_spec.h"
#include "server/jobs/steps_spec.h"

namespace seedbed::jobs {
namespace {

constexpr int kMaxBatch = 65'536;
constexpr int kMaxClasses = 100'000;
constexpr int kMaxSide = 4096;
constexpr size_t kMaxSourceBytes = 4096;
constexpr size_t kMaxLayerBytes = 256;

absl::Status CheckFormat(const std::string& format, const std::vector<std::string>& known, std::string_view what) {
  if (std::find(known.begin(), known.end(), format) != known.end()) return absl::OkStatus();
  return FieldError("spec.export.format",
                    absl::StrCat("is ", Quoted(format), "; ", ToAbsl(what), " can be written as ", absl::StrJoin(known, " or ")));
}

}  // namespace

absl::Status CompleteEvaluate(v1::EvaluateSpec& spec) {
  spec.set_batch_size(ValueOr(spec.batch_size(), 32));
  spec.set_top_k(ValueOr(spec.top_k(), 5));
  SB_RETURN_IF_ERROR(CheckModelReference("spec.evaluate.model", spec.model()));
  SB_RETURN_IF_ERROR(CheckName("spec.evaluate.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.evaluate.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  SB_RETURN_IF_ERROR(CheckRange("spec.evaluate.batch_size", spec.batch_size(), 1, kMaxBatch));
  SB_RETURN_IF_ERROR(CheckRange("spec.evaluate.top_k", spec.top_k(), 1, kMaxClasses));
  if (spec.split().empty()) {
    if (spec.subset().empty()) return absl::OkStatus();
    return FieldError("spec.evaluate.subset", "needs a split: subsets are the split's");
  }
  spec.set_subset(ValueOr<std::string>(spec.subset(), "validation"));
  SB_RETURN_IF_ERROR(CheckName("spec.evaluate.split", "split", spec.split()));
  return CheckName("spec.evaluate.subset", "subset", spec.subset());
}

absl::Status CompleteImportModel(v1::ImportModelSpec& spec) {
  SB_RETURN_IF_ERROR(CheckName("spec.import_model.model", "model", spec.model()));
  SB_RETURN_IF_ERROR(CheckArchitecture("spec.import_model.arch", spec.arch()));
  if (!IsSha256Hex(spec.weights_sha256())) return FieldError("spec.import_model.weights_sha256", "must be 64 lower-case hex digits");
  SB_RETURN_IF_ERROR(CheckLength("spec.import_model.source", spec.source(), kMaxSourceBytes));
  SB_RETURN_IF_ERROR(CheckRange("spec.import_model.classes", spec.classes_size(), 0, kMaxClasses));
  if (spec.classes_size() > 0 && !spec.with_top()) return FieldError("spec.import_model.classes", "needs with_top: only a top has classes");
  v1::Preprocessing& preprocessing = *spec.mutable_preprocessing();
  SB_RETURN_IF_ERROR(CompletePreprocessing("spec.import_model.preprocessing", spec.arch(), /*centred=*/false, preprocessing));
  if (preprocessing.center() == v1::CENTER_NONE) return absl::OkStatus();
  return FieldError("spec.import_model.preprocessing.center", "must be none: there are no training images to take the mean of");
}

absl::Status CompleteExtract(v1::ExtractSpec& spec) {
  spec.set_batch_size(ValueOr(spec.batch_size(), 32));
  spec.set_pool(ValueOr(spec.pool(), v1::POOL_NONE));
  spec.set_dtype(ValueOr(spec.dtype(), v1::FEATURE_TYPE_FLOAT32));
  SB_RETURN_IF_ERROR(CheckName("spec.extract.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.extract.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  SB_RETURN_IF_ERROR(CheckOptionalName("spec.extract.split", "split", spec.split()));
  SB_RETURN_IF_ERROR(CheckOptionalName("spec.extract.subset", "subset", spec.subset()));
  if (spec.split().empty() && !spec.subset().empty()) {
    return FieldError("spec.extract.subset", "needs a split: subsets are the split's");
  }
  SB_RETURN_IF_ERROR(CheckModelReference("spec.extract.model", spec.model()));
  if (!spec.arch().empty()) SB_RETURN_IF_ERROR(CheckArchitecture("spec.extract.arch", spec.arch()));
  SB_RETURN_IF_ERROR(CheckLength("spec.extract.layer", spec.layer(), kMaxLayerBytes));
  if (!v1::Pool_IsValid(spec.pool())) return FieldError("spec.extract.pool", "must be none, avg or max");
  SB_RETURN_IF_ERROR(CheckName("spec.extract.features", "feature set", spec.features()));
  if (!v1::FeatureType_IsValid(spec.dtype())) return FieldError("spec.extract.dtype", "must be float32, float16 or bfloat16");
  SB_RETURN_IF_ERROR(CheckRange("spec.extract.batch_size", spec.batch_size(), 1, kMaxBatch));
  SB_RETURN_IF_ERROR(CheckRange("spec.extract.threads", spec.threads(), 0, 1024));
  SB_RETURN_IF_ERROR(CheckRange("spec.extract.width", spec.width(), 0, kMaxSide));
  SB_RETURN_IF_ERROR(CheckRange("spec.extract.height", spec.height(), 0, kMaxSide));
  return CheckSteps("spec.extract.pipeline", spec.pipeline());
}

absl::Status CompleteEditModel(v1::EditModelSpec& spec) {
  SB_RETURN_IF_ERROR(CheckModelReference("spec.edit_model.model", spec.model()));
  SB_RETURN_IF_ERROR(CheckName("spec.edit_model.output", "model", spec.output()));
  switch (spec.edit_case()) {
    case v1::EditModelSpec::kPop:
      if (spec.pop() >= 1) return absl::OkStatus();
      return FieldError("spec.edit_model.pop", absl::StrCat("is ", spec.pop(), ", it must be at least 1"));
    case v1::EditModelSpec::kCutLayer:
      if (spec.cut_layer().empty()) return FieldError("spec.edit_model.cut_layer", "is empty; name the layer to end with");
      return CheckLength("spec.edit_model.cut_layer", spec.cut_layer(), kMaxLayerBytes);
    case v1::EditModelSpec::EDIT_NOT_SET:
      break;
  }
  return FieldError("spec.edit_model.edit", "give pop (how many layers to drop) or cut_layer (the layer to end with)");
}

absl::Status CompleteExport(v1::ExportSpec& spec) {
  switch (spec.source_case()) {
    case v1::ExportSpec::kModel:
      spec.set_format(ValueOr<std::string>(spec.format(), "safetensors"));
      SB_RETURN_IF_ERROR(CheckModelReference("spec.export.model", spec.model()));
      return CheckFormat(spec.format(), {"safetensors", "torchscript"}, "a model");
    case v1::ExportSpec::kFeatures:
      spec.set_format(ValueOr<std::string>(spec.format(), "npy"));
      SB_RETURN_IF_ERROR(CheckName("spec.export.features", "feature set", spec.features()));
      return CheckFormat(spec.format(), {"npy", "csv"}, "a feature set");
    case v1::ExportSpec::SOURCE_NOT_SET:
      break;
  }
  return FieldError("spec.export.source", "give model or features");
}

}  // namespace seedbed::jobs
