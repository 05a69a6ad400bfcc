#include "server/worker/convert_specs.h"

#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/model.pb.h"
#include "server/worker/convert_results.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::worker {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Assignment NewAssignment() {
  v1::Assignment assignment;
  assignment.mutable_attempt()->set_job_id("job-1");
  v1::TaskInputs& inputs = *assignment.mutable_inputs();
  inputs.set_dataset_dir("/data/datasets/seedlings/4");
  inputs.set_dataset_version(4);
  inputs.set_split_file("/data/splits/seedlings/default.tsv");
  inputs.set_model_dir("/data/models/base/2");
  inputs.set_model_version(2);
  inputs.set_output_version(7);
  inputs.mutable_profile()->set_device("cpu");
  return assignment;
}

TEST(ConvertSpecsTest, Index) {
  v1::Assignment assignment = NewAssignment();
  v1::IndexSpec& index = *assignment.mutable_spec()->mutable_index();
  index.set_dataset("seedlings");
  index.set_root("/photos");
  index.set_follow_links(true);
  const tasks::IndexSpec spec = ToIndexSpec(assignment);
  EXPECT_EQ(spec.dataset, "seedlings");
  EXPECT_EQ(spec.version, 7);
  EXPECT_EQ(spec.root, "/photos");
  EXPECT_EQ(spec.listing_sha256, "");
  EXPECT_TRUE(spec.follow_links);

  const TaskOutput output = ToOutput(assignment, tasks::IndexResult{.images = 9,
                                                                    .bytes = 100,
                                                                    .rejected = 1,
                                                                    .classes = {{"Maize", 5}, {"Charlock", 4}},
                                                                    .duplicate_groups = 2,
                                                                    .near_duplicate_pairs = 3,
                                                                    .manifest_sha256 = "abc"});
  EXPECT_EQ(output.result.index().version(), 7);
  EXPECT_EQ(output.result.index().images(), 9);
  EXPECT_EQ(output.result.index().rejected(), 1);
  EXPECT_EQ(output.result.index().classes(), 2);
  v1::Dataset record;
  ASSERT_TRUE(record.ParseFromString(output.record));
  EXPECT_EQ(record.name(), "seedlings");
  EXPECT_EQ(record.version(), 7);
  EXPECT_EQ(record.root(), "/photos");
  EXPECT_EQ(record.bytes(), 100);
  EXPECT_EQ(record.classes(1).name(), "Charlock");
  EXPECT_EQ(record.classes(1).images(), 4);
  EXPECT_EQ(record.duplicate_groups(), 2);
  EXPECT_EQ(record.near_duplicate_pairs(), 3);
  EXPECT_EQ(record.manifest_sha256(), "abc");
  EXPECT_EQ(record.job_id(), "job-1");
}

TEST(ConvertSpecsTest, SplitRules) {
  v1::Assignment assignment = NewAssignment();
  v1::SplitSpec& split = *assignment.mutable_spec()->mutable_split();
  split.set_dataset("seedlings");
  EXPECT_THAT(ToSplitSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("per_class, fraction or from_folders")));

  split.set_per_class(12);
  split.set_test_per_class(3);
  SB_ASSERT_OK_AND_ASSIGN(tasks::SplitSpec spec, ToSplitSpec(assignment));
  EXPECT_EQ(spec.name, "default");
  EXPECT_EQ(spec.dataset_version, 4);
  EXPECT_EQ(spec.dataset_dir, "/data/datasets/seedlings/4");
  EXPECT_EQ(std::get<tasks::PerClass>(spec.rule).validation, 12);
  EXPECT_EQ(std::get<tasks::PerClass>(spec.rule).test, 3);

  split.set_fraction(0.2);
  split.set_test_fraction(0.1);
  SB_ASSERT_OK_AND_ASSIGN(spec, ToSplitSpec(assignment));
  EXPECT_EQ(std::get<tasks::Fraction>(spec.rule).validation, 0.2);
  EXPECT_EQ(std::get<tasks::Fraction>(spec.rule).test, 0.1);

  split.set_from_folders(true);
  split.set_name("mine");
  split.set_seed(5);
  split.set_group_by("plot(\\d+)");
  split.set_group_near(true);
  split.set_materialize_dir("/out");
  split.set_materialize_mode(v1::MATERIALIZE_MODE_MOVE);
  SB_ASSERT_OK_AND_ASSIGN(spec, ToSplitSpec(assignment));
  EXPECT_TRUE(std::holds_alternative<tasks::FromFolders>(spec.rule));
  EXPECT_EQ(spec.name, "mine");
  EXPECT_EQ(spec.seed, 5u);
  EXPECT_EQ(spec.group_by, "plot(\\d+)");
  EXPECT_TRUE(spec.group_near);
  EXPECT_EQ(spec.materialize_dir, "/out");
  EXPECT_EQ(spec.materialize_mode, tasks::MaterializeMode::kMove);

  split.set_materialize_mode(static_cast<v1::MaterializeMode>(9));
  EXPECT_THAT(ToSplitSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("materialize_mode has the value 9")));
}

TEST(ConvertSpecsTest, SplitOutput) {
  v1::Assignment assignment = NewAssignment();
  assignment.mutable_spec()->mutable_split()->set_dataset("seedlings");
  const TaskOutput output = ToOutput(
      assignment, tasks::SplitResult{.subsets = {{"train", 8, {4, 4}}, {"validation", 2, {1, 1}}}, .sha256 = "def", .rule = "1 per class"});
  EXPECT_EQ(output.result.split().split(), "default");
  EXPECT_EQ(output.result.split().dataset_version(), 4);
  v1::Split record;
  ASSERT_TRUE(record.ParseFromString(output.record));
  EXPECT_EQ(record.dataset(), "seedlings");
  EXPECT_EQ(record.subsets(1).name(), "validation");
  EXPECT_THAT(record.subsets(0).per_class(), ElementsAre(4, 4));
  EXPECT_EQ(record.sha256(), "def");
  EXPECT_EQ(record.rule(), "1 per class");
}

TEST(ConvertSpecsTest, TrainTakesTheDocumentedDefaults) {
  v1::Assignment assignment = NewAssignment();
  v1::TrainSpec& train = *assignment.mutable_spec()->mutable_train();
  train.set_dataset("seedlings");
  train.set_arch("logistic");
  train.set_model("mine");
  SB_ASSERT_OK_AND_ASSIGN(const tasks::TrainSpec spec, ToTrainSpec(assignment));
  EXPECT_EQ(spec.model_version, 7);
  EXPECT_EQ(spec.epochs, 10);
  EXPECT_EQ(spec.batch_size, 32);
  EXPECT_EQ(spec.optimizer.name, "sgd");
  EXPECT_EQ(spec.optimizer.lr, 0.01);
  EXPECT_EQ(spec.preprocessing.width, 0);
  EXPECT_EQ(spec.preprocessing.height, 0);
  EXPECT_EQ(spec.preprocessing.interpolation, std::nullopt);
  EXPECT_EQ(spec.preprocessing.rescale, std::nullopt);
  EXPECT_EQ(spec.preprocessing.center, std::nullopt);
  EXPECT_TRUE(spec.shuffle);
  EXPECT_EQ(spec.keep, tasks::Keep::kLast);
  EXPECT_EQ(spec.initial_model_dir, "") << "no model was asked for";
  EXPECT_EQ(spec.checkpoint_interval, std::chrono::seconds(30));
}

TEST(ConvertSpecsTest, TrainTakesWhatIsAskedFor) {
  v1::Assignment assignment = NewAssignment();
  v1::TrainSpec& train = *assignment.mutable_spec()->mutable_train();
  train.set_split("s");
  train.set_epochs(3);
  train.set_batch_size(16);
  train.mutable_optimizer()->set_name("adam");
  train.mutable_optimizer()->set_beta1(0.8);
  train.mutable_preprocessing()->set_width(64);
  train.mutable_preprocessing()->set_height(48);
  train.mutable_preprocessing()->set_interpolation(v1::INTERPOLATION_LANCZOS);
  train.mutable_preprocessing()->set_rescale(1);
  train.mutable_preprocessing()->set_center(v1::CENTER_NONE);
  train.set_seed(9);
  train.set_shuffle(false);
  train.set_keep(v1::KEEP_BEST);
  train.set_initial_model("base:2");
  train.mutable_checkpoint_interval()->set_nanos(250'000'000);
  train.set_threads(2);
  SB_ASSERT_OK_AND_ASSIGN(const tasks::TrainSpec spec, ToTrainSpec(assignment));
  EXPECT_EQ(spec.split_file, "/data/splits/seedlings/default.tsv");
  EXPECT_EQ(spec.epochs, 3);
  EXPECT_EQ(spec.batch_size, 16);
  EXPECT_EQ(spec.optimizer.lr, 0.001) << "adam's default";
  EXPECT_EQ(spec.optimizer.beta1, 0.8);
  EXPECT_EQ(spec.optimizer.beta2, 0.999);
  EXPECT_EQ(spec.preprocessing.width, 64);
  EXPECT_EQ(spec.preprocessing.height, 48);
  EXPECT_EQ(spec.preprocessing.interpolation, image::Filter::kLanczos);
  EXPECT_EQ(spec.preprocessing.rescale, 1);
  EXPECT_EQ(spec.preprocessing.center, image::Center::kNone);
  EXPECT_EQ(spec.seed, 9u);
  EXPECT_FALSE(spec.shuffle);
  EXPECT_EQ(spec.keep, tasks::Keep::kBest);
  EXPECT_EQ(spec.initial_model_dir, "/data/models/base/2");
  EXPECT_EQ(spec.checkpoint_interval, std::chrono::milliseconds(250));
  EXPECT_EQ(spec.threads, 2);
}

TEST(ConvertSpecsTest, TrainOnABackbone) {
  v1::Assignment assignment = NewAssignment();
  assignment.mutable_inputs()->set_model_name("base");
  v1::TrainSpec& train = *assignment.mutable_spec()->mutable_train();
  train.set_weights("base");
  train.mutable_head()->add_values()->set_string_value("flatten");
  (*train.mutable_head()->add_values()->mutable_struct_value()->mutable_fields())["dense"].set_number_value(256);
  train.add_trainable("head");
  train.set_feature_cache(false);
  (*train.mutable_augment()->add_values()->mutable_struct_value()->mutable_fields())["fliplr"].set_number_value(0.5);
  train.set_augment_views(4);
  v1::Preprocessing& preprocessing = *train.mutable_preprocessing();
  preprocessing.set_preset("imagenet");
  for (const double mean : {1, 2, 3}) preprocessing.add_mean(mean);
  for (const double std : {4, 5, 6}) preprocessing.add_std(std);
  preprocessing.set_channels(v1::CHANNEL_ORDER_BGR);
  SB_ASSERT_OK_AND_ASSIGN(const tasks::TrainSpec spec, ToTrainSpec(assignment));
  EXPECT_EQ(spec.weights, "base:2") << "the version that was settled on";
  EXPECT_EQ(spec.weights_dir, "/data/models/base/2");
  EXPECT_EQ(spec.initial_model_dir, "");
  EXPECT_EQ(spec.head, R"(["flatten",{"dense":256}])");
  EXPECT_THAT(spec.trainable, ElementsAre("head"));
  EXPECT_FALSE(spec.feature_cache);
  EXPECT_EQ(spec.augment, R"([{"fliplr":0.5}])");
  EXPECT_EQ(spec.augment_views, 4);
  EXPECT_EQ(spec.preprocessing.steps, std::nullopt) << "open: as the weights have it";
  preprocessing.mutable_pipeline();
  EXPECT_EQ(ToTrainSpec(assignment)->preprocessing.steps, "[]") << "none, whatever the weights have";
  preprocessing.mutable_pipeline()->add_values()->set_string_value("remove_background");
  EXPECT_EQ(ToTrainSpec(assignment)->preprocessing.steps, R"(["remove_background"])");
  EXPECT_EQ(spec.preprocessing.preset, "imagenet");
  EXPECT_THAT(spec.preprocessing.mean, ElementsAre(1, 2, 3));
  EXPECT_THAT(spec.preprocessing.std, ElementsAre(4, 5, 6));
  EXPECT_EQ(spec.preprocessing.channels, "bgr");
  preprocessing.set_channels(static_cast<v1::ChannelOrder>(9));
  EXPECT_THAT(ToTrainSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("channels")));
}

TEST(ConvertSpecsTest, TrainOnFeatures) {
  v1::Assignment assignment = NewAssignment();
  v1::TaskInputs& inputs = *assignment.mutable_inputs();
  inputs.set_model_name("base");
  inputs.set_features_dir("/data/features/rows.zarr");
  inputs.set_val_features_dir("/data/features/val.zarr");
  assignment.mutable_spec()->mutable_train()->set_features("rows");
  assignment.mutable_spec()->mutable_train()->set_val_features("val");
  SB_ASSERT_OK_AND_ASSIGN(const tasks::TrainSpec spec, ToTrainSpec(assignment));
  EXPECT_EQ(spec.features, "rows");
  EXPECT_EQ(spec.features_dir, "/data/features/rows.zarr");
  EXPECT_EQ(spec.val_features, "val");
  EXPECT_EQ(spec.val_features_dir, "/data/features/val.zarr");
  EXPECT_EQ(spec.weights, "base:2");
  EXPECT_EQ(spec.weights_dir, "/data/models/base/2");
  EXPECT_EQ(spec.head, "");
  EXPECT_TRUE(spec.feature_cache);
}

TEST(ConvertSpecsTest, Extract) {
  v1::Assignment assignment = NewAssignment();
  v1::ExtractSpec& extract = *assignment.mutable_spec()->mutable_extract();
  extract.set_dataset("seedlings");
  extract.set_split("s");
  extract.set_model("base:2");
  extract.set_layer("fc1");
  extract.set_features("rows");
  extract.set_width(64);
  SB_ASSERT_OK_AND_ASSIGN(tasks::ExtractSpec spec, ToExtractSpec(assignment));
  EXPECT_EQ(spec.dataset_version, 4);
  EXPECT_EQ(spec.split_file, "/data/splits/seedlings/default.tsv");
  EXPECT_EQ(spec.subset, "") << "all of them";
  EXPECT_EQ(spec.model, "base");
  EXPECT_EQ(spec.model_version, 2);
  EXPECT_EQ(spec.model_dir, "/data/models/base/2");
  EXPECT_EQ(spec.layer, "fc1");
  EXPECT_EQ(spec.pool, "none");
  EXPECT_EQ(spec.dtype, "float32");
  EXPECT_EQ(spec.features, "rows");
  EXPECT_EQ(spec.batch_size, 32);
  EXPECT_EQ(spec.width, 64);
  EXPECT_EQ(spec.height, 0);
  extract.set_pool(v1::POOL_MAX);
  extract.set_dtype(v1::FEATURE_TYPE_BFLOAT16);
  SB_ASSERT_OK_AND_ASSIGN(spec, ToExtractSpec(assignment));
  EXPECT_EQ(spec.pool, "max");
  EXPECT_EQ(spec.dtype, "bfloat16");
  extract.set_pool(static_cast<v1::Pool>(9));
  EXPECT_THAT(ToExtractSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pool")));
  extract.set_pool(v1::POOL_AVG);
  extract.set_dtype(static_cast<v1::FeatureType>(9));
  EXPECT_THAT(ToExtractSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("dtype")));
}

TEST(ConvertSpecsTest, EditModel) {
  v1::Assignment assignment = NewAssignment();
  v1::EditModelSpec& edit = *assignment.mutable_spec()->mutable_edit_model();
  edit.set_model("base");
  edit.set_output("cut");
  EXPECT_THAT(ToEditModelSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument));
  edit.set_pop(3);
  SB_ASSERT_OK_AND_ASSIGN(tasks::EditModelSpec spec, ToEditModelSpec(assignment));
  EXPECT_EQ(std::get<tasks::PopLayers>(spec.edit).count, 3);
  EXPECT_EQ(spec.model_dir, "/data/models/base/2");
  EXPECT_EQ(spec.output, "cut");
  EXPECT_EQ(spec.output_version, 7);
  edit.set_cut_layer("fc1");
  SB_ASSERT_OK_AND_ASSIGN(spec, ToEditModelSpec(assignment));
  EXPECT_EQ(std::get<tasks::CutLayer>(spec.edit).layer, "fc1");
}

TEST(ConvertSpecsTest, Clean) {
  v1::Assignment assignment = NewAssignment();
  v1::CleanSpec& clean = *assignment.mutable_spec()->mutable_clean();
  clean.set_dataset("seedlings");
  clean.set_output("masks");
  clean.mutable_pipeline()->add_values()->set_string_value("remove_background");
  SB_ASSERT_OK_AND_ASSIGN(const tasks::CleanSpec spec, ToCleanSpec(assignment));
  EXPECT_EQ(spec.dataset, "seedlings");
  EXPECT_EQ(spec.dataset_version, 4);
  EXPECT_EQ(spec.dataset_dir, "/data/datasets/seedlings/4");
  EXPECT_EQ(spec.pipeline, R"(["remove_background"])");
}

TEST(ConvertSpecsTest, Export) {
  v1::Assignment assignment = NewAssignment();
  v1::ExportSpec& from = *assignment.mutable_spec()->mutable_export_();
  EXPECT_THAT(ToExportSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument));
  from.set_model("base:2");
  from.set_format("torchscript");
  SB_ASSERT_OK_AND_ASSIGN(tasks::ExportSpec spec, ToExportSpec(assignment));
  EXPECT_EQ(std::get<tasks::ModelSource>(spec.source).name, "base");
  EXPECT_EQ(std::get<tasks::ModelSource>(spec.source).version, 2);
  EXPECT_EQ(std::get<tasks::ModelSource>(spec.source).dir, "/data/models/base/2");
  EXPECT_EQ(spec.format, "torchscript");
  from.set_features("rows");
  assignment.mutable_inputs()->set_features_dir("/data/features/rows.zarr");
  SB_ASSERT_OK_AND_ASSIGN(spec, ToExportSpec(assignment));
  EXPECT_EQ(std::get<tasks::FeaturesSource>(spec.source).dir, "/data/features/rows.zarr");
}

TEST(ConvertSpecsTest, Visualize) {
  v1::Assignment assignment = NewAssignment();
  v1::VisualizeSpec& from = *assignment.mutable_spec()->mutable_visualize();
  EXPECT_THAT(ToVisualizeSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument));
  from.set_view(v1::VIEW_AUGMENT);
  from.set_dataset("maize");
  from.add_images("Maize/7.png");
  from.set_width(64);
  from.set_seed(5);
  from.set_variants(3);
  from.set_steps(true);
  from.mutable_augment()->add_values()->set_string_value("light");
  SB_ASSERT_OK_AND_ASSIGN(const tasks::VisualizeSpec spec, ToVisualizeSpec(assignment));
  EXPECT_EQ(spec.view, tasks::View::kAugment);
  EXPECT_EQ(spec.dataset, "maize");
  EXPECT_EQ(spec.images, std::vector<std::string>{"Maize/7.png"});
  EXPECT_EQ(spec.width, 64);
  EXPECT_EQ(spec.height, 150);
  EXPECT_EQ(spec.interpolation, image::Filter::kBilinear);
  EXPECT_EQ(spec.seed, 5);
  EXPECT_EQ(spec.variants, 3);
  EXPECT_TRUE(spec.steps);
  EXPECT_EQ(spec.augment, "[\"light\"]");
  EXPECT_EQ(spec.pipeline, "[]");
}

TEST(ConvertSpecsTest, EveryInterpolationHasItsFilter) {
  v1::Assignment assignment = NewAssignment();
  v1::Preprocessing& preprocessing = *assignment.mutable_spec()->mutable_train()->mutable_preprocessing();
  std::vector<image::Filter> filters;
  for (int value = v1::Interpolation_MIN + 1; value <= v1::Interpolation_MAX; ++value) {
    preprocessing.set_interpolation(static_cast<v1::Interpolation>(value));
    SB_ASSERT_OK_AND_ASSIGN(const tasks::TrainSpec spec, ToTrainSpec(assignment));
    filters.push_back(spec.preprocessing.interpolation.value_or(image::Filter::kBilinear));
  }
  using image::Filter;
  EXPECT_THAT(filters,
              ElementsAre(Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kLanczos, Filter::kBox, Filter::kHamming));
  preprocessing.set_interpolation(static_cast<v1::Interpolation>(99));
  EXPECT_THAT(ToTrainSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("interpolation")));
}

TEST(ConvertSpecsTest, TrainOutput) {
  v1::Assignment assignment = NewAssignment();
  v1::TrainSpec& train = *assignment.mutable_spec()->mutable_train();
  train.set_dataset("seedlings");
  train.set_split("s");
  train.set_arch("logistic");
  train.set_model("mine");
  tasks::TrainResult result;
  result.arch = "logistic";
  result.preprocessing.width = 64;
  result.graph = "[]";
  result.frozen_layer = "block5_pool";
  result.backbone_images = 3;
  result.cached_images = 5;
  result.classes = {"a", "b"};
  result.parameters = 20;
  result.trainable_parameters = 19;
  result.weights_sha256 = "ff";
  result.metrics.epoch = 5;
  result.best_epoch = 4;
  result.layers = {{"dense", "Dense", {2}, 20, true}};
  result.bytes = 333;
  const TaskOutput output = ToOutput(assignment, result);
  EXPECT_EQ(output.result.train().model(), "mine");
  EXPECT_EQ(output.result.train().version(), 7);
  EXPECT_EQ(output.result.train().weights_sha256(), "ff");
  EXPECT_EQ(output.result.train().metrics().epoch(), 5);
  EXPECT_EQ(output.result.train().best_epoch(), 4);
  EXPECT_EQ(output.result.train().frozen_layer(), "block5_pool");
  EXPECT_EQ(output.result.train().backbone_images(), 3);
  EXPECT_EQ(output.result.train().cached_images(), 5);
  v1::Model record;
  ASSERT_TRUE(record.ParseFromString(output.record));
  EXPECT_EQ(record.name(), "mine");
  EXPECT_THAT(record.classes(), ElementsAre("a", "b"));
  EXPECT_EQ(record.trainable_parameters(), 19);
  EXPECT_EQ(record.preprocessing().width(), 64);
  EXPECT_EQ(record.preprocessing().height(), 150) << "what was done is said in full";
  EXPECT_THAT(record.preprocessing().std(), ElementsAre(1, 1, 1));
  EXPECT_EQ(record.preprocessing().channels(), v1::CHANNEL_ORDER_RGB);
  EXPECT_EQ(record.arch(), "logistic");
  EXPECT_EQ(record.graph(), "[]");
  EXPECT_EQ(record.preprocessing().interpolation(), v1::INTERPOLATION_BILINEAR);
  EXPECT_EQ(record.preprocessing().center(), v1::CENTER_MEAN_IMAGE);
  EXPECT_EQ(record.preprocessing().rescale(), 1.0 / 255);
  EXPECT_EQ(record.dataset_version(), 4);
  EXPECT_EQ(record.split(), "s");
  EXPECT_EQ(record.bytes(), 333);
  EXPECT_EQ(record.profile().device(), "cpu");
  ASSERT_EQ(record.layers_size(), 1);
  EXPECT_EQ(record.layers(0).type(), "Dense");
  EXPECT_THAT(record.layers(0).output_shape(), ElementsAre(2));
  EXPECT_TRUE(record.layers(0).trainable());
}

TEST(ConvertSpecsTest, ImportModel) {
  v1::Assignment assignment = NewAssignment();
  v1::ImportModelSpec& import = *assignment.mutable_spec()->mutable_import_model();
  import.set_model("backbone");
  import.set_arch("vgg16");
  import.set_weights_sha256("ab");
  import.set_with_top(true);
  import.mutable_preprocessing()->set_width(224);
  import.mutable_preprocessing()->set_center(v1::CENTER_NONE);
  import.add_classes("terrier");
  import.set_source("vgg16.h5");
  SB_ASSERT_OK_AND_ASSIGN(const tasks::ImportModelSpec spec, ToImportModelSpec(assignment));
  EXPECT_EQ(spec.model, "backbone");
  EXPECT_EQ(spec.model_version, 7);
  EXPECT_EQ(spec.arch, "vgg16");
  EXPECT_EQ(spec.weights_sha256, "ab");
  EXPECT_TRUE(spec.with_top);
  EXPECT_EQ(spec.preprocessing.width, 224);
  EXPECT_EQ(spec.preprocessing.center, image::Center::kNone);
  EXPECT_THAT(spec.classes, ElementsAre("terrier"));
  EXPECT_EQ(spec.source, "vgg16.h5");

  tasks::ImportModelResult result{.naming = "keras", .model = {}};
  result.model.parameters = 20;
  result.model.weights_sha256 = "ff";
  result.model.classes = {"terrier"};
  const TaskOutput output = ToOutput(assignment, result);
  EXPECT_EQ(output.result.import_model().model(), "backbone");
  EXPECT_EQ(output.result.import_model().version(), 7);
  EXPECT_EQ(output.result.import_model().naming(), "keras");
  EXPECT_EQ(output.result.import_model().parameters(), 20);
  v1::Model record;
  ASSERT_TRUE(record.ParseFromString(output.record));
  EXPECT_EQ(record.name(), "backbone");
  EXPECT_EQ(record.weights_sha256(), "ff");
  EXPECT_FALSE(record.has_metrics());
  EXPECT_EQ(record.dataset(), "");
}

TEST(ConvertSpecsTest, Evaluate) {
  v1::Assignment assignment = NewAssignment();
  v1::EvaluateSpec& evaluate = *assignment.mutable_spec()->mutable_evaluate();
  evaluate.set_model("base:2");
  evaluate.set_dataset("seedlings");
  EXPECT_EQ(ToEvaluateSpec(assignment).subset, "") << "the whole dataset";
  evaluate.set_split("s");
  const tasks::EvaluateSpec spec = ToEvaluateSpec(assignment);
  EXPECT_EQ(spec.model, "base");
  EXPECT_EQ(spec.model_version, 2);
  EXPECT_EQ(spec.model_dir, "/data/models/base/2");
  EXPECT_EQ(spec.subset, "validation");
  EXPECT_EQ(spec.batch_size, 32);
  EXPECT_EQ(spec.top_k, 5);
  EXPECT_THAT(spec.recipe, ::testing::HasSubstr("\"model\": \"base:2\""));
  const TaskOutput output = ToOutput(assignment, tasks::EvaluateResult{.images = 4,
                                                                       .accuracy = 0.75,
                                                                       .top5 = 1,
                                                                       .top_k = 2,
                                                                       .top_k_accuracy = 0.9,
                                                                       .loss = 0.5,
                                                                       .per_class = {{"a", 1, 0.5, 0.66, 2}},
                                                                       .confusion = {1, 1, 0, 2}});
  EXPECT_EQ(output.record, "");
  EXPECT_EQ(output.result.evaluate().model(), "base");
  EXPECT_EQ(output.result.evaluate().model_version(), 2);
  EXPECT_EQ(output.result.evaluate().accuracy(), 0.75);
  EXPECT_EQ(output.result.evaluate().top5(), 1);
  EXPECT_EQ(output.result.evaluate().top_k(), 2);
  EXPECT_EQ(output.result.evaluate().top_k_accuracy(), 0.9);
  EXPECT_EQ(output.result.evaluate().per_class(0).recall(), 0.5);
  EXPECT_THAT(output.result.evaluate().confusion(), ElementsAre(1, 1, 0, 2));
}

}  // namespace
}  // namespace seedbed::worker
