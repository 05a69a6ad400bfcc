#include "core/tasks/model/extract.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "core/features/feature_set.h"
#include "core/graph/edit.h"
#include "core/nn/model_file.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/backbone.h"
#include "core/tasks/model/frozen_net.h"
#include "core/tasks/model/labelled_images.h"
#include "core/tasks/model/publish_model.h"

namespace seedbed::tasks {
namespace {

absl::Status CheckSpec(const ExtractSpec& spec) {
  if (spec.batch_size < 1 || spec.batch_size > 65'536) {
    return absl::InvalidArgumentError(absl::StrCat("batch_size is ", spec.batch_size, "; it must be from 1 to 65,536"));
  }
  if (!features::PoolFromName(spec.pool)) {
    return absl::InvalidArgumentError(absl::StrCat("pool is '", spec.pool, "'; it must be none, avg or max"));
  }
  if (features::FeatureDTypeFromName(spec.dtype)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("dtype is '", spec.dtype, "'; it must be float32, float16 or bfloat16"));
}

// A model up to a layer, for images of the size asked for.
struct Backbone {
  nn::SavedModel model;
  std::string layer;
  std::string weights_sha256;  // of the whole model: what the set names must be found again
};

absl::StatusOr<Backbone> OpenBackbone(const ExtractSpec& spec) {
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(spec.model_dir));
  SB_RETURN_IF_ERROR(CheckArchitecture(spec.arch, model, absl::StrCat("model '", spec.model, "'")));
  Backbone backbone{.model = std::move(model), .layer = spec.layer, .weights_sha256 = ""};
  if (spec.layer.empty()) {
    SB_ASSIGN_OR_RETURN(backbone.layer, BackboneEnd(backbone.model));
  }
  backbone.weights_sha256 = nn::ModelSha256(backbone.model);
  PreprocessingSpec pictures;
  pictures.width = spec.width;
  pictures.height = spec.height;
  pictures.steps = spec.steps;
  SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, ResolvePreprocessing(pictures, backbone.model.preprocessing));
  SB_RETURN_IF_ERROR(CheckSameStandardization(preprocessing, backbone.model.preprocessing));
  SB_ASSIGN_OR_RETURN(backbone.model.graph, graph::CutAt(backbone.model.graph, backbone.layer));
  SB_RETURN_IF_ERROR(Resize(preprocessing, &backbone.model));
  return backbone;
}

class ExtractTask {
 public:
  ExtractTask(const ExtractSpec& spec, LabelledDataset dataset, std::vector<uint32_t> rows, TaskContext& context)
      : spec_(spec), dataset_(std::move(dataset)), rows_(std::move(rows)), context_(context) {}

  absl::StatusOr<ExtractResult> Run() {
    auto backbone = OpenBackbone(spec_);
    if (!backbone.ok()) return Annotate(backbone.status(), absl::StrCat("model '", spec_.model, "'"));
    const int threads = ComputeThreads(spec_.threads, context_);
    const FrozenNetOptions options{
        .pool = *features::PoolFromName(spec_.pool), .batch = static_cast<size_t>(spec_.batch_size), .threads = threads};
    SB_ASSIGN_OR_RETURN(FrozenNet net, FrozenNet::Create(backbone->model, backbone->layer, options, context_.profile()));
    features::FeatureSetInfo info = Describe(*backbone);
    info.shape = net.row_shape();
    ExecutionProfile profile = context_.profile();
    profile.threads = threads;
    info.profile = ProfileJson(profile);
    info.profile["backend"] = std::string(net.backend());
    info.profile["batch"] = spec_.batch_size;
    SB_ASSIGN_OR_RETURN(const features::FeatureRows features, Compute(info, &net));
    SB_RETURN_IF_ERROR(Write(info, features));
    return Result(info, std::string(net.backend()));
  }

 private:
  features::FeatureSetInfo Describe(const Backbone& backbone) const {
    features::FeatureSetInfo info;
    info.classes = dataset_.manifest.classes;
    for (const uint32_t row : rows_) {
      const dataset::ManifestRow& image = dataset_.manifest.rows[row];
      info.paths.push_back(image.path);
      info.sha256.push_back(image.sha256);
      info.labels.push_back(image.label);
    }
    info.dtype = *features::FeatureDTypeFromName(spec_.dtype);
    info.model = absl::StrCat(spec_.model, ":", spec_.model_version);
    info.weights_sha256 = backbone.weights_sha256;
    info.arch = backbone.model.arch;
    info.layer = backbone.layer;
    info.pool = *features::PoolFromName(spec_.pool);
    info.preprocessing = backbone.model.preprocessing;
    info.dataset = absl::StrCat(spec_.dataset, ":", spec_.dataset_version);
    info.split = spec_.split;
    info.subset = spec_.subset;
    return info;
  }

  absl::StatusOr<features::FeatureRows> Compute(const features::FeatureSetInfo& info, FrozenNet* net) {
    const auto on_plan = [&](size_t missing) {
      computed_ = missing;
      started_ = SystemClock().Monotonic();
      Log("plan",
          absl::StrCat(Counted(static_cast<int64_t>(rows_.size()), "image"), ": ", rows_.size() - missing,
                       " are in the feature cache, computes ", missing, "; layer '", info.layer, "' of ", info.model, " (", info.arch,
                       "), pool ", spec_.pool, ", ", graph::FormatShape(info.shape), " values an image as ", spec_.dtype, ", by ",
                       ToAbsl(net->backend())),
          context_);
    };
    auto rows = net->Load(dataset_, AsTheyAre(rows_), Augmentation(), on_plan, context_);
    const double seconds = std::chrono::duration<double>(SystemClock().Monotonic() - started_).count();
    if (!rows.ok() || computed_ == 0) return rows;
    images_per_second_ = static_cast<double>(computed_) / std::max(seconds, 1e-9);
    Log("computed", absl::StrFormat("computed %d images in %.1f s: %.1f images/s", computed_, seconds, images_per_second_), context_);
    return rows;
  }

  absl::Status Write(const features::FeatureSetInfo& info, const features::FeatureRows& rows) const {
    SB_ASSIGN_OR_RETURN(features::FeatureSetWriter writer, features::FeatureSetWriter::Open(context_.paths().output_dir, info));
    ImageProgress progress("write", context_);
    for (size_t row = writer.rows_written(); row < rows.size(); ++row) {
      if (!progress.Update(row, rows.size())) return absl::CancelledError("the extraction was cancelled");
      SB_RETURN_IF_ERROR(writer.Append(rows.row(row)));
    }
    SB_RETURN_IF_ERROR(writer.Finish());
    progress.Update(rows.size(), rows.size());
    return absl::OkStatus();
  }

  absl::StatusOr<ExtractResult> Result(const features::FeatureSetInfo& info, std::string backend) const {
    ExtractResult result{.images = static_cast<int64_t>(rows_.size()),
                         .computed = static_cast<int64_t>(computed_),
                         .classes = info.classes,
                         .arch = info.arch,
                         .layer = info.layer,
                         .shape = info.shape,
                         .weights_sha256 = info.weights_sha256,
                         .preprocessing = info.preprocessing,
                         .backend = std::move(backend),
                         .images_per_second = images_per_second_};
    SB_ASSIGN_OR_RETURN(result.bytes, BytesBelow(context_.paths().output_dir));
    return result;
  }

  const ExtractSpec& spec_;
  const LabelledDataset dataset_;
  const std::vector<uint32_t> rows_;
  TaskContext& context_;
  size_t computed_ = 0;  // the others were in the cache
  MonotonicTime started_;
  double images_per_second_ = 0;
};

}  // namespace

absl::StatusOr<ExtractResult> RunExtract(const ExtractSpec& spec, TaskContext& context) {
  SB_RETURN_IF_ERROR(CheckSpec(spec));
  SB_ASSIGN_OR_RETURN(LabelledDataset dataset, OpenDataset(spec.dataset_dir, spec.split_file));
  SB_ASSIGN_OR_RETURN(std::vector<uint32_t> rows, RowsOfAnySubset(dataset, spec.dataset, spec.subset));
  return ExtractTask(spec, std::move(dataset), std::move(rows), context).Run();
}

}  // namespace seedbed::tasks
