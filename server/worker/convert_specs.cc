#include "server/worker/convert_specs.h"

#include <google/protobuf/util/json_util.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::worker {
namespace {

// The defaults that job.proto documents, for fields whose zero stands for them.
constexpr int kDefaultEpochs = 10;
constexpr int kDefaultBatchSize = 32;
constexpr int kDefaultTopK = 5;
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

absl::StatusOr<std::string> ToChannels(v1::ChannelOrder channels) {
  switch (channels) {
    case v1::CHANNEL_ORDER_UNSPECIFIED:
      return "";
    case v1::CHANNEL_ORDER_RGB:
      return "rgb";
    case v1::CHANNEL_ORDER_BGR:
      return "bgr";
    default:
      return Unknown("preprocessing.channels", channels);
  }
}

absl::StatusOr<std::string> ToPool(v1::Pool pool) {
  switch (pool) {
    case v1::POOL_UNSPECIFIED:
    case v1::POOL_NONE:
      return "none";
    case v1::POOL_AVG:
      return "avg";
    case v1::POOL_MAX:
      return "max";
    default:
      return Unknown("pool", pool);
  }
}

absl::StatusOr<std::string> ToDtype(v1::FeatureType type) {
  switch (type) {
    case v1::FEATURE_TYPE_UNSPECIFIED:
    case v1::FEATURE_TYPE_FLOAT32:
      return "float32";
    case v1::FEATURE_TYPE_FLOAT16:
      return "float16";
    case v1::FEATURE_TYPE_BFLOAT16:
      return "bfloat16";
    default:
      return Unknown("dtype", type);
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

absl::StatusOr<std::string> ToJsonList(std::string_view what, const google::protobuf::ListValue& list) {
  std::string json;
  if (google::protobuf::util::MessageToJsonString(list, &json).ok()) return json;
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " is not a list"));
}

// The job as people read it, with the names that the API has.
std::string Recipe(const v1::JobSpec& spec) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  return google::protobuf::util::MessageToJsonString(spec, &json, options).ok() ? json : "";
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
  result.preset = preprocessing.preset();
  result.mean.assign(preprocessing.mean().begin(), preprocessing.mean().end());
  result.std.assign(preprocessing.std().begin(), preprocessing.std().end());
  SB_ASSIGN_OR_RETURN(result.channels, ToChannels(preprocessing.channels()));
  if (preprocessing.center() != v1::CENTER_UNSPECIFIED) {
    SB_ASSIGN_OR_RETURN(result.center, ToCenter(preprocessing.center()));
  }
  if (preprocessing.has_pipeline()) {
    SB_ASSIGN_OR_RETURN(result.steps, ToJsonList("pipeline", preprocessing.pipeline()));
  }
  return result;
}

absl::StatusOr<tasks::View> ToView(v1::View view) {
  switch (view) {
    case v1::VIEW_SAMPLES:
      return tasks::View::kSamples;
    case v1::VIEW_AUGMENT:
      return tasks::View::kAugment;
    case v1::VIEW_BACKGROUND:
      return tasks::View::kBackground;
    default:
      return Unknown("view", view);
  }
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

// NAME:VERSION of the model that the job reads.
std::string InputModel(const v1::TaskInputs& inputs) { return absl::StrCat(inputs.model_name(), ":", inputs.model_version()); }

}  // namespace

int DatasetVersion(const v1::Assignment& assignment, int named) { return OrDefault(assignment.inputs().dataset_version(), named); }

std::string ModelName(const std::string& reference) { return reference.substr(0, reference.find(':')); }

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
  spec.in_order = split.in_order();
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
  spec.features = train.features();
  spec.features_dir = assignment.inputs().features_dir();
  spec.val_features = train.val_features();
  spec.val_features_dir = assignment.inputs().val_features_dir();
  spec.arch = train.arch();
  if (!train.weights().empty() || !train.features().empty()) {
    spec.weights = InputModel(assignment.inputs());
    spec.weights_dir = assignment.inputs().model_dir();
  }
  if (train.has_head()) {
    SB_ASSIGN_OR_RETURN(spec.head, ToJsonList("head", train.head()));
  }
  if (train.has_augment()) {
    SB_ASSIGN_OR_RETURN(spec.augment, ToJsonList("augment", train.augment()));
  }
  spec.augment_views = train.augment_views();
  spec.trainable.assign(train.trainable().begin(), train.trainable().end());
  if (train.has_feature_cache()) spec.feature_cache = train.feature_cache();
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
  spec.job = assignment.attempt().job_id();
  spec.recipe = Recipe(assignment.spec());
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
  spec.top_k = OrDefault(evaluate.top_k(), kDefaultTopK);
  spec.job = assignment.attempt().job_id();
  spec.recipe = Recipe(assignment.spec());
  return spec;
}

absl::StatusOr<tasks::ExtractSpec> ToExtractSpec(const v1::Assignment& assignment) {
  const v1::ExtractSpec& extract = assignment.spec().extract();
  tasks::ExtractSpec spec;
  spec.dataset = extract.dataset();
  spec.dataset_version = DatasetVersion(assignment, extract.dataset_version());
  spec.dataset_dir = assignment.inputs().dataset_dir();
  spec.split = extract.split();
  spec.split_file = assignment.inputs().split_file();
  spec.subset = extract.subset();
  spec.model = ModelName(extract.model());
  spec.model_version = assignment.inputs().model_version();
  spec.model_dir = assignment.inputs().model_dir();
  spec.arch = extract.arch();
  spec.layer = extract.layer();
  SB_ASSIGN_OR_RETURN(spec.pool, ToPool(extract.pool()));
  spec.features = extract.features();
  SB_ASSIGN_OR_RETURN(spec.dtype, ToDtype(extract.dtype()));
  spec.width = extract.width();
  spec.height = extract.height();
  if (extract.has_pipeline()) {
    SB_ASSIGN_OR_RETURN(spec.steps, ToJsonList("pipeline", extract.pipeline()));
  }
  spec.batch_size = OrDefault(extract.batch_size(), kDefaultBatchSize);
  spec.threads = extract.threads();
  return spec;
}

absl::StatusOr<tasks::EditModelSpec> ToEditModelSpec(const v1::Assignment& assignment) {
  const v1::EditModelSpec& edit = assignment.spec().edit_model();
  tasks::EditModelSpec spec;
  spec.model = ModelName(edit.model());
  spec.model_version = assignment.inputs().model_version();
  spec.model_dir = assignment.inputs().model_dir();
  spec.output = edit.output();
  spec.output_version = assignment.inputs().output_version();
  switch (edit.edit_case()) {
    case v1::EditModelSpec::kPop:
      spec.edit = tasks::PopLayers{.count = edit.pop()};
      return spec;
    case v1::EditModelSpec::kCutLayer:
      spec.edit = tasks::CutLayer{.layer = edit.cut_layer()};
      return spec;
    case v1::EditModelSpec::EDIT_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("edit_model needs pop or cut_layer");
}

absl::StatusOr<tasks::ExportSpec> ToExportSpec(const v1::Assignment& assignment) {
  const v1::ExportSpec& from = assignment.spec().export_();
  const v1::TaskInputs& inputs = assignment.inputs();
  tasks::ExportSpec spec;
  spec.format = from.format();
  switch (from.source_case()) {
    case v1::ExportSpec::kModel:
      spec.source = tasks::ModelSource{.name = ModelName(from.model()), .version = inputs.model_version(), .dir = inputs.model_dir()};
      return spec;
    case v1::ExportSpec::kFeatures:
      spec.source = tasks::FeaturesSource{.name = from.features(), .dir = inputs.features_dir()};
      return spec;
    case v1::ExportSpec::SOURCE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("export needs a model or a feature set");
}

absl::StatusOr<tasks::VisualizeSpec> ToVisualizeSpec(const v1::Assignment& assignment) {
  const v1::VisualizeSpec& from = assignment.spec().visualize();
  tasks::VisualizeSpec spec;
  SB_ASSIGN_OR_RETURN(spec.view, ToView(from.view()));
  spec.dataset = from.dataset();
  spec.dataset_version = DatasetVersion(assignment, from.dataset_version());
  spec.dataset_dir = assignment.inputs().dataset_dir();
  spec.split = from.split();
  spec.split_file = assignment.inputs().split_file();
  spec.subset = from.subset();
  spec.images.assign(from.images().begin(), from.images().end());
  spec.count = from.count();
  spec.seed = from.seed();
  spec.width = OrDefault(from.width(), spec.width);
  spec.height = OrDefault(from.height(), spec.height);
  SB_ASSIGN_OR_RETURN(spec.interpolation, ToFilter(from.interpolation()));
  SB_ASSIGN_OR_RETURN(spec.pipeline, ToJsonList("pipeline", from.pipeline()));
  SB_ASSIGN_OR_RETURN(spec.augment, ToJsonList("augment", from.augment()));
  spec.variants = from.variants();
  spec.steps = from.steps();
  spec.suggest = from.suggest();
  return spec;
}

absl::StatusOr<tasks::CleanSpec> ToCleanSpec(const v1::Assignment& assignment) {
  const v1::CleanSpec& clean = assignment.spec().clean();
  tasks::CleanSpec spec;
  spec.dataset = clean.dataset();
  spec.dataset_version = DatasetVersion(assignment, clean.dataset_version());
  spec.dataset_dir = assignment.inputs().dataset_dir();
  SB_ASSIGN_OR_RETURN(spec.pipeline, ToJsonList("pipeline", clean.pipeline()));
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

}  // namespace seedbed::worker
