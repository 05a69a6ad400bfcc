#include "server/worker/convert_specs.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/model.pb.h"
#include "server/worker/convert_events.h"

namespace seedbed::worker {
namespace {

// The defaults that job.proto documents, for fields whose zero stands for them.
constexpr int kDefaultEpochs = 10;
constexpr int kDefaultBatchSize = 32;
constexpr int kDefaultSide = 150;
constexpr double kDefaultAdamLr = 0.001;

int OrDefault(int value, int fallback) { return value != 0 ? value : fallback; }

absl::Status Unknown(absl::string_view field, int value) {
  return absl::InvalidArgumentError(absl::StrCat(field, " has the value ", value, ", which this version does not know"));
}

absl::StatusOr<image::Filter> ToFilter(v1::Interpolation interpolation) {
  switch (interpolation) {
    case v1::INTERPOLATION_NEAREST:
      return image::Filter::kNearest;
    case v1::INTERPOLATION_UNSPECIFIED:
    case v1::INTERPOLATION_BILINEAR:
      return image::Filter::kBilinear;
    case v1::INTERPOLATION_BICUBIC:
      return image::Filter::kBicubic;
    case v1::INTERPOLATION_LANCZOS:
      return image::Filter::kLanczos;
    case v1::INTERPOLATION_BOX:
      return image::Filter::kBox;
    case v1::INTERPOLATION_HAMMING:
      return image::Filter::kHamming;
    default:
      return Unknown("preprocessing.interpolation", interpolation);
  }
}

absl::StatusOr<image::Center> ToCenter(v1::Center center) {
  switch (center) {
    case v1::CENTER_UNSPECIFIED:
    case v1::CENTER_MEAN_IMAGE:
      return image::Center::kMeanImage;
    case v1::CENTER_NONE:
      return image::Center::kNone;
    default:
      return Unknown("preprocessing.center", center);
  }
}

absl::StatusOr<tasks::MaterializeMode> ToMaterializeMode(v1::MaterializeMode mode) {
  switch (mode) {
    case v1::MATERIALIZE_MODE_UNSPECIFIED:
    case v1::MATERIALIZE_MODE_COPY:
      return tasks::MaterializeMode::kCopy;
    case v1::MATERIALIZE_MODE_LINK:
      return tasks::MaterializeMode::kLink;
    case v1::MATERIALIZE_MODE_MOVE:
      return tasks::MaterializeMode::kMove;
    default:
      return Unknown("materialize_mode", mode);
  }
}

absl::StatusOr<tasks::Keep> ToKeep(v1::Keep keep) {
  switch (keep) {
    case v1::KEEP_UNSPECIFIED:
    case v1::KEEP_LAST:
      return tasks::Keep::kLast;
    case v1::KEEP_BEST:
      return tasks::Keep::kBest;
    default:
      return Unknown("keep", keep);
  }
}

// What is not set stays open: the task knows what it then is.
absl::StatusOr<tasks::PreprocessingSpec> ToPreprocessing(const v1::Preprocessing& preprocessing) {
  tasks::PreprocessingSpec result;
  result.width = preprocessing.width();
  result.height = preprocessing.height();
  if (preprocessing.interpolation() != v1::INTERPOLATION_UNSPECIFIED) {
    SB_ASSIGN_OR_RETURN(result.interpolation, ToFilter(preprocessing.interpolation()));
  }
  if (preprocessing.has_rescale()) result.rescale = preprocessing.rescale();
  if (preprocessing.center() != v1::CENTER_UNSPECIFIED) {
    SB_ASSIGN_OR_RETURN(result.center, ToCenter(preprocessing.center()));
  }
  return result;
}

// What was done, rather than what was asked for: a model says it in full.
v1::Preprocessing WithDefaults(v1::Preprocessing preprocessing) {
  preprocessing.set_width(OrDefault(preprocessing.width(), kDefaultSide));
  preprocessing.set_height(OrDefault(preprocessing.height(), kDefaultSide));
  if (preprocessing.interpolation() == v1::INTERPOLATION_UNSPECIFIED) preprocessing.set_interpolation(v1::INTERPOLATION_BILINEAR);
  if (!preprocessing.has_rescale()) preprocessing.set_rescale(image::Preprocessing().rescale);
  if (preprocessing.center() == v1::CENTER_UNSPECIFIED) preprocessing.set_center(v1::CENTER_MEAN_IMAGE);
  return preprocessing;
}

tasks::OptimizerSpec ToOptimizer(const v1::OptimizerSpec& optimizer) {
  tasks::OptimizerSpec result;
  if (!optimizer.name().empty()) result.name = optimizer.name();
  if (result.name == "adam") result.lr = kDefaultAdamLr;
  if (optimizer.has_lr()) result.lr = optimizer.lr();
  if (optimizer.has_momentum()) result.momentum = optimizer.momentum();
  result.nesterov = optimizer.nesterov();
  if (optimizer.has_beta1()) result.beta1 = optimizer.beta1();
  if (optimizer.has_beta2()) result.beta2 = optimizer.beta2();
  if (optimizer.has_epsilon()) result.epsilon = optimizer.epsilon();
  return result;
}

// The version that the server has settled on when it resolved the inputs.
int DatasetVersion(const v1::Assignment& assignment, int named) { return OrDefault(assignment.inputs().dataset_version(), named); }

// "NAME:VERSION" without the version.
std::string ModelName(const std::string& reference) { return reference.substr(0, reference.find(':')); }

// What any model's record has, `spec` being that of the job that made it.
template <typename Spec>
v1::Model ModelRecord(const v1::Assignment& assignment, const Spec& spec, const tasks::TrainResult& result) {
  v1::Model record;
  record.set_name(spec.model());
  record.set_version(assignment.inputs().output_version());
  record.set_arch(spec.arch());
  record.mutable_classes()->Add(result.classes.begin(), result.classes.end());
  record.set_parameters(result.parameters);
  record.set_trainable_parameters(result.trainable_parameters);
  record.set_weights_sha256(result.weights_sha256);
  *record.mutable_preprocessing() = WithDefaults(spec.preprocessing());
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

}  // namespace

tasks::IndexSpec ToIndexSpec(const v1::Assignment& assignment) {
  const v1::IndexSpec& index = assignment.spec().index();
  tasks::IndexSpec spec;
  spec.dataset = index.dataset();
  spec.version = assignment.inputs().output_version();
  spec.root = index.root();
  spec.listing_sha256 = index.listing_sha256();
  spec.follow_links = index.follow_links();
  return spec;
}

absl::StatusOr<tasks::SplitSpec> ToSplitSpec(const v1::Assignment& assignment) {
  const v1::SplitSpec& split = assignment.spec().split();
  tasks::SplitSpec spec;
  spec.dataset = split.dataset();
  spec.dataset_version = DatasetVersion(assignment, split.dataset_version());
  spec.dataset_dir = assignment.inputs().dataset_dir();
  spec.name = split.name().empty() ? "default" : split.name();
  switch (split.rule_case()) {
    case v1::SplitSpec::kPerClass:
      spec.rule = tasks::PerClass{.validation = split.per_class(), .test = split.test_per_class()};
      break;
    case v1::SplitSpec::kFraction:
      spec.rule = tasks::Fraction{.validation = split.fraction(), .test = split.test_fraction()};
      break;
    case v1::SplitSpec::kFromFolders:
      spec.rule = tasks::FromFolders{};
      break;
    case v1::SplitSpec::RULE_NOT_SET:
      return absl::InvalidArgumentError("split needs a rule: per_class, fraction or from_folders");
  }
  spec.seed = split.seed();
  spec.group_by = split.group_by();
  spec.group_near = split.group_near();
  spec.materialize_dir = split.materialize_dir();
  SB_ASSIGN_OR_RETURN(spec.materialize_mode, ToMaterializeMode(split.materialize_mode()));
  return spec;
}

absl::StatusOr<tasks::TrainSpec> ToTrainSpec(const v1::Assignment& assignment) {
  const v1::TrainSpec& train = assignment.spec().train();
  tasks::TrainSpec spec;
  spec.dataset = train.dataset();
  spec.dataset_version = DatasetVersion(assignment, train.dataset_version());
  spec.dataset_dir = assignment.inputs().dataset_dir();
  spec.split = train.split();
  spec.split_file = assignment.inputs().split_file();
  spec.arch = train.arch();
  spec.model = train.model();
  spec.model_version = assignment.inputs().output_version();
  spec.epochs = OrDefault(train.epochs(), kDefaultEpochs);
  spec.batch_size = OrDefault(train.batch_size(), kDefaultBatchSize);
  spec.optimizer = ToOptimizer(train.optimizer());
  SB_ASSIGN_OR_RETURN(spec.preprocessing, ToPreprocessing(train.preprocessing()));
  spec.seed = train.seed();
  if (train.has_shuffle()) spec.shuffle = train.shuffle();
  SB_ASSIGN_OR_RETURN(spec.keep, ToKeep(train.keep()));
  if (!train.initial_model().empty()) spec.initial_model_dir = assignment.inputs().model_dir();
  if (train.has_checkpoint_interval()) {
    const google::protobuf::Duration& interval = train.checkpoint_interval();
    spec.checkpoint_interval = std::chrono::seconds(interval.seconds()) + std::chrono::milliseconds(interval.nanos() / 1'000'000);
  }
  spec.threads = train.threads();
  return spec;
}

tasks::EvaluateSpec ToEvaluateSpec(const v1::Assignment& assignment) {
  const v1::EvaluateSpec& evaluate = assignment.spec().evaluate();
  tasks::EvaluateSpec spec;
  spec.model = ModelName(evaluate.model());
  spec.model_version = assignment.inputs().model_version();
  spec.model_dir = assignment.inputs().model_dir();
  spec.dataset = evaluate.dataset();
  spec.dataset_version = DatasetVersion(assignment, evaluate.dataset_version());
  spec.dataset_dir = assignment.inputs().dataset_dir();
  spec.split_file = assignment.inputs().split_file();
  const bool takes_default = evaluate.subset().empty() && !evaluate.split().empty();
  spec.subset = takes_default ? "validation" : evaluate.subset();
  spec.batch_size = OrDefault(evaluate.batch_size(), kDefaultBatchSize);
  return spec;
}

absl::StatusOr<tasks::ImportModelSpec> ToImportModelSpec(const v1::Assignment& assignment) {
  const v1::ImportModelSpec& import = assignment.spec().import_model();
  tasks::ImportModelSpec spec;
  spec.model = import.model();
  spec.model_version = assignment.inputs().output_version();
  spec.arch = import.arch();
  spec.weights_sha256 = import.weights_sha256();
  spec.with_top = import.with_top();
  SB_ASSIGN_OR_RETURN(spec.preprocessing, ToPreprocessing(import.preprocessing()));
  spec.classes.assign(import.classes().begin(), import.classes().end());
  spec.source = import.source();
  return spec;
}

TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::IndexResult& result) {
  const v1::IndexSpec& spec = assignment.spec().index();
  v1::Dataset record;
  record.set_name(spec.dataset());
  record.set_version(assignment.inputs().output_version());
  record.set_root(spec.root());
  record.set_images(result.images);
  record.set_bytes(result.bytes);
  record.set_rejected(result.rejected);
  for (const tasks::ClassCount& count : result.classes) {
    v1::ClassCount* converted = record.add_classes();
    converted->set_name(count.name);
    converted->set_images(count.images);
  }
  record.set_duplicate_groups(result.duplicate_groups);
  record.set_near_duplicate_pairs(result.near_duplicate_pairs);
  record.set_manifest_sha256(result.manifest_sha256);
  record.set_job_id(assignment.attempt().job_id());

  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  v1::IndexResult* index = output.result.mutable_index();
  index->set_dataset(record.name());
  index->set_version(record.version());
  index->set_images(result.images);
  index->set_rejected(result.rejected);
  index->set_classes(static_cast<int32_t>(result.classes.size()));
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
  v1::Model record = ModelRecord(assignment, spec, result);
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
  const v1::Model record = ModelRecord(assignment, assignment.spec().import_model(), result.model);
  TaskOutput output{.result = {}, .record = record.SerializeAsString()};
  v1::ImportModelResult* import = output.result.mutable_import_model();
  import->set_model(record.name());
  import->set_version(record.version());
  import->set_weights_sha256(record.weights_sha256());
  import->set_naming(result.naming);
  import->set_parameters(record.parameters());
  return output;
}

}  // namespace seedbed::worker
