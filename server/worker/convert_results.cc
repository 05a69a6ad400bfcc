#include "server/worker/convert_results.h"

#include <google/protobuf/util/json_util.h>

#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/model.pb.h"
#include "server/worker/convert_events.h"
#include "server/worker/convert_specs.h"

namespace seedbed::worker {
namespace {

v1::Interpolation ToProto(image::Filter filter) {
  switch (filter) {
    case image::Filter::kNearest:
      return v1::INTERPOLATION_NEAREST;
    case image::Filter::kBilinear:
      return v1::INTERPOLATION_BILINEAR;
    case image::Filter::kBicubic:
      return v1::INTERPOLATION_BICUBIC;
    case image::Filter::kLanczos:
      return v1::INTERPOLATION_LANCZOS;
    case image::Filter::kBox:
      return v1::INTERPOLATION_BOX;
    case image::Filter::kHamming:
      return v1::INTERPOLATION_HAMMING;
  }
  return v1::INTERPOLATION_UNSPECIFIED;
}

// What was done, rather than what was asked for: a record says it in full.
v1::Preprocessing ToProto(const image::Preprocessing& preprocessing) {
  v1::Preprocessing result;
  result.set_width(preprocessing.width);
  result.set_height(preprocessing.height);
  result.set_interpolation(ToProto(preprocessing.interpolation));
  result.set_rescale(preprocessing.rescale);
  result.mutable_mean()->Add(preprocessing.mean.begin(), preprocessing.mean.end());
  result.mutable_std()->Add(preprocessing.std.begin(), preprocessing.std.end());
  result.set_channels(preprocessing.channels == image::ChannelOrder::kRgb ? v1::CHANNEL_ORDER_RGB : v1::CHANNEL_ORDER_BGR);
  result.set_center(preprocessing.center == image::Center::kMeanImage ? v1::CENTER_MEAN_IMAGE : v1::CENTER_NONE);
  // They were written as JSON, so they can be read as such.
  if (!preprocessing.steps.empty()) (void)google::protobuf::util::JsonStringToMessage(preprocessing.steps, result.mutable_pipeline());
  return result;
}

v1::Model ModelRecord(const v1::Assignment& assignment, const std::string& name, const tasks::TrainResult& result) {
  v1::Model record;
  record.set_name(name);
  record.set_version(assignment.inputs().output_version());
  record.set_arch(result.arch);
  record.set_graph(result.graph);
  record.mutable_classes()->Add(result.classes.begin(), result.classes.end());
  record.set_parameters(result.parameters);
  record.set_trainable_parameters(result.trainable_parameters);
  record.set_weights_sha256(result.weights_sha256);
  *record.mutable_preprocessing() = ToProto(result.preprocessing);
  record.set_job_id(assignment.attempt().job_id());
  record.set_bytes(result.bytes);
  *record.mutable_profile() = assignment.inputs().profile();
  for (const tasks::LayerSummary& layer : result.layers) {
    v1::LayerSummary* converted = record.add_layers();
    converted->set_name(layer.name);
    converted->set_type(layer.type);
    converted->mutable_output_shape()->Add(layer.output_shape.begin(), layer.output_shape.end());
    converted->set_parameters(layer.parameters);
    converted->set_trainable(layer.trainable);
  }
  return record;
}

v1::Dataset DatasetRecord(const v1::Assignment& assignment, const std::string& name, const tasks::DatasetSummary& summary) {
  v1::Dataset record;
  record.set_name(name);
  record.set_version(assignment.inputs().output_version());
  record.set_root(assignment.spec().index().root());
  record.set_images(summary.images);
  record.set_bytes(summary.bytes);
  record.set_rejected(summary.rejected);
  for (const tasks::ClassCount& count : summary.classes) {
    v1::ClassCount* converted = record.add_classes();
    converted->set_name(count.name);
    converted->set_images(count.images);
  }
  record.set_duplicate_groups(summary.duplicate_groups);
  record.set_near_duplicate_pairs(summary.near_duplicate_pairs);
  record.set_manifest_sha256(summary.manifest_sha256);
  record.set_job_id(assignment.attempt().job_id());
  return record;
}

// Of an index or a clean job.
template <typename Result>
void DescribeVersion(const v1::Dataset& record, Result* result) {
  result->set_dataset(record.name());
  result->set_version(record.version());
  result->set_images(record.images());
  result->set_rejected(record.rejected());
  result->set_classes(record.classes_size());
}

}  // namespace

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::IndexResult& result) {
  const v1::Dataset record = DatasetRecord(assignment, assignment.spec().index().dataset(), result);
  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  DescribeVersion(record, output.result.mutable_index());
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::CleanResult& result) {
  const v1::Dataset record = DatasetRecord(assignment, assignment.spec().clean().output(), result.dataset);
  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  DescribeVersion(record, output.result.mutable_clean());
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::SplitResult& result) {
  const v1::SplitSpec& spec = assignment.spec().split();
  v1::Split record;
  record.set_name(spec.name().empty() ? "default" : spec.name());
  record.set_dataset(spec.dataset());
  record.set_dataset_version(DatasetVersion(assignment, spec.dataset_version()));
  for (const tasks::SubsetCounts& subset : result.subsets) {
    v1::Subset* converted = record.add_subsets();
    converted->set_name(subset.name);
    converted->set_images(subset.images);
    converted->mutable_per_class()->Add(subset.per_class.begin(), subset.per_class.end());
  }
  record.set_job_id(assignment.attempt().job_id());
  record.set_sha256(result.sha256);
  record.set_rule(result.rule);

  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  v1::SplitResult* split = output.result.mutable_split();
  split->set_dataset(record.dataset());
  split->set_dataset_version(record.dataset_version());
  split->set_split(record.name());
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::TrainResult& result) {
  const v1::TrainSpec& spec = assignment.spec().train();
  v1::Model record = ModelRecord(assignment, spec.model(), result);
  *record.mutable_metrics() = ToProto(result.metrics);
  record.set_dataset(spec.dataset());
  record.set_dataset_version(DatasetVersion(assignment, spec.dataset_version()));
  record.set_split(spec.split());

  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  v1::TrainResult* train = output.result.mutable_train();
  train->set_model(record.name());
  train->set_version(record.version());
  train->set_weights_sha256(result.weights_sha256);
  *train->mutable_metrics() = record.metrics();
  train->set_best_epoch(result.best_epoch);
  train->set_frozen_layer(result.frozen_layer);
  train->set_backbone_images(result.backbone_images);
  train->set_cached_images(result.cached_images);
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::EvaluateResult& result) {
  TaskOutput output;
  v1::EvaluateResult* evaluate = output.result.mutable_evaluate();
  evaluate->set_model(ModelName(assignment.spec().evaluate().model()));
  evaluate->set_model_version(assignment.inputs().model_version());
  evaluate->set_images(result.images);
  evaluate->set_accuracy(result.accuracy);
  evaluate->set_top5(result.top5);
  evaluate->set_top_k(result.top_k);
  evaluate->set_top_k_accuracy(result.top_k_accuracy);
  evaluate->set_loss(result.loss);
  for (const tasks::ClassScore& score : result.per_class) {
    v1::ClassScore* converted = evaluate->add_per_class();
    converted->set_name(score.name);
    converted->set_precision(score.precision);
    converted->set_recall(score.recall);
    converted->set_f1(score.f1);
    converted->set_images(score.images);
  }
  evaluate->mutable_confusion()->Add(result.confusion.begin(), result.confusion.end());
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ImportModelResult& result) {
  const v1::Model record = ModelRecord(assignment, assignment.spec().import_model().model(), result.model);
  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  v1::ImportModelResult* import = output.result.mutable_import_model();
  import->set_model(record.name());
  import->set_version(record.version());
  import->set_weights_sha256(record.weights_sha256());
  import->set_naming(result.naming);
  import->set_parameters(record.parameters());
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ExtractResult& result) {
  const v1::ExtractSpec& spec = assignment.spec().extract();
  v1::FeatureSet record;
  record.set_name(spec.features());
  record.set_job_id(assignment.attempt().job_id());
  record.set_dataset(spec.dataset());
  record.set_dataset_version(DatasetVersion(assignment, spec.dataset_version()));
  record.set_split(spec.split());
  record.set_subset(spec.subset());
  record.set_model(ModelName(spec.model()));
  record.set_model_version(assignment.inputs().model_version());
  record.set_weights_sha256(result.weights_sha256);
  record.set_arch(result.arch);
  record.set_layer(result.layer);
  record.set_pool(spec.pool());
  record.set_dtype(spec.dtype());
  record.mutable_shape()->Add(result.shape.begin(), result.shape.end());
  record.set_rows(result.images);
  record.set_bytes(result.bytes);
  record.mutable_classes()->Add(result.classes.begin(), result.classes.end());
  *record.mutable_preprocessing() = ToProto(result.preprocessing);
  *record.mutable_profile() = assignment.inputs().profile();

  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  v1::ExtractResult* extract = output.result.mutable_extract();
  extract->set_features(record.name());
  extract->set_rows(record.rows());
  *extract->mutable_shape() = record.shape();
  extract->set_bytes(record.bytes());
  extract->set_images_per_second(result.images_per_second);
  extract->set_cached_images(result.images - result.computed);
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::EditModelResult& result) {
  const v1::Model record = ModelRecord(assignment, assignment.spec().edit_model().output(), result.model);
  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  v1::EditModelResult* edit = output.result.mutable_edit_model();
  edit->set_model(record.name());
  edit->set_version(record.version());
  edit->set_weights_sha256(record.weights_sha256());
  edit->set_parameters(record.parameters());
  if (!record.layers().empty()) edit->set_output_layer(record.layers().rbegin()->name());
  return output;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ExportResult& result) {
  TaskOutput output;
  v1::ExportResult* files = output.result.mutable_export_();
  files->set_format(assignment.spec().export_().format());
  for (const tasks::ExportedFile& file : result.files) {
    files->add_files(file.name);
    files->set_bytes(files->bytes() + file.bytes);
  }
  return output;
}

TaskOutput ToOutput(const v1::Assignment& /*assignment*/, const tasks::VisualizeResult& result) {
  TaskOutput output;
  v1::VisualizeResult* sheet = output.result.mutable_visualize();
  sheet->set_file(result.sheet.file);
  sheet->set_width(result.sheet.width);
  sheet->set_height(result.sheet.height);
  sheet->set_bytes(result.sheet.bytes);
  sheet->set_images(result.images);
  sheet->set_suggestion(result.suggestion);
  return output;
}

}  // namespace seedbed::worker
