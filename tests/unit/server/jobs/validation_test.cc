#include "server/jobs/validation.h"

#include <cmath>
#include <functional>
#include <limits>

#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Validation, FillsInEveryDefaultOfATraining) {
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec spec, EffectiveSpec(TrainJob("maize")));
  const v1::TrainSpec& train = spec.train();
  EXPECT_EQ(train.epochs(), 10);
  EXPECT_EQ(train.batch_size(), 32);
  EXPECT_EQ(train.optimizer().name(), "sgd");
  EXPECT_EQ(train.optimizer().lr(), 0.01);
  EXPECT_EQ(train.optimizer().momentum(), 0);
  EXPECT_EQ(train.preprocessing().width(), 150);
  EXPECT_EQ(train.preprocessing().height(), 150);
  EXPECT_EQ(train.preprocessing().interpolation(), v1::INTERPOLATION_BILINEAR);
  EXPECT_EQ(train.preprocessing().preset(), "unit");
  EXPECT_EQ(train.preprocessing().center(), v1::CENTER_MEAN_IMAGE);
  EXPECT_EQ(train.keep(), v1::KEEP_LAST);
  EXPECT_TRUE(train.shuffle());
  EXPECT_EQ(train.checkpoint_interval().seconds(), 30);
  EXPECT_THAT(train.trainable(), ElementsAre("all"));
  EXPECT_TRUE(train.feature_cache());
}

TEST(Validation, PreprocessingIsTheArchitecturesUnlessAskedFor) {
  v1::JobSpec spec = TrainJob("maize");
  spec.mutable_train()->set_arch("vgg16");
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec usual, EffectiveSpec(spec));
  EXPECT_EQ(usual.train().preprocessing().width(), 224);
  EXPECT_EQ(usual.train().preprocessing().preset(), "keras_caffe");
  EXPECT_EQ(usual.train().preprocessing().center(), v1::CENTER_NONE);
  spec = TrainJob("maize");
  spec.mutable_train()->mutable_preprocessing()->set_preset("imagenet");
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec preset, EffectiveSpec(spec));
  EXPECT_EQ(preset.train().preprocessing().preset(), "imagenet");
  EXPECT_EQ(preset.train().preprocessing().center(), v1::CENTER_NONE) << "a preset subtracts its own mean";
  spec.mutable_train()->mutable_preprocessing()->set_center(v1::CENTER_MEAN_IMAGE);
  EXPECT_EQ(EffectiveSpec(spec)->train().preprocessing().center(), v1::CENTER_MEAN_IMAGE);
}

TEST(Validation, WhatAModelWillSayStaysOpen) {
  v1::JobSpec spec = TrainJob("maize");
  spec.mutable_train()->clear_arch();
  spec.mutable_train()->set_weights("vgg:2");
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec effective, EffectiveSpec(spec));
  EXPECT_THAT(effective.train().trainable(), ElementsAre("head"));
  EXPECT_EQ(effective.train().arch(), "");
  EXPECT_EQ(effective.train().preprocessing().width(), 0);
  EXPECT_EQ(effective.train().preprocessing().preset(), "");
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec features, EffectiveSpec(TrainOnFeaturesJob("rows")));
  EXPECT_FALSE(features.train().has_preprocessing());
  EXPECT_EQ(features.train().epochs(), 10);
}

TEST(Validation, DefaultsOfExtractionAndExport) {
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec extract, EffectiveSpec(ExtractJob("maize", "vgg", "rows")));
  EXPECT_EQ(extract.extract().pool(), v1::POOL_NONE);
  EXPECT_EQ(extract.extract().dtype(), v1::FEATURE_TYPE_FLOAT32);
  EXPECT_EQ(extract.extract().batch_size(), 32);
  EXPECT_EQ(EffectiveSpec(ExportModelJob("m"))->export_().format(), "safetensors");
  EXPECT_EQ(EffectiveSpec(ExportFeaturesJob("rows"))->export_().format(), "npy");
}

TEST(Validation, LeavesWhatWasSaidAlone) {
  v1::JobSpec spec = TrainJob("maize");
  spec.mutable_train()->set_shuffle(false);
  spec.mutable_train()->mutable_optimizer()->set_name("adam");
  spec.mutable_train()->mutable_optimizer()->set_beta1(0.5);
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec effective, EffectiveSpec(spec));
  EXPECT_FALSE(effective.train().shuffle());
  EXPECT_EQ(effective.train().optimizer().lr(), 0.001);
  EXPECT_EQ(effective.train().optimizer().beta1(), 0.5);
  EXPECT_EQ(effective.train().optimizer().beta2(), 0.999);
  EXPECT_FALSE(effective.train().optimizer().has_momentum());
}

TEST(Validation, IsStableUnderRepetition) {
  for (const v1::JobSpec& spec :
       {TrainJob("maize"), TrainOnFeaturesJob("rows"), ImportModelJob("m"), ExtractJob("maize", "m", "rows"), ExportModelJob("m")}) {
    SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec once, EffectiveSpec(spec));
    SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec twice, EffectiveSpec(once));
    EXPECT_EQ(once.SerializeAsString(), twice.SerializeAsString());
  }
}

TEST(Validation, DefaultsOfSplitAndEvaluation) {
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec split, EffectiveSpec(SplitJob("maize")));
  EXPECT_EQ(split.split().name(), "default");
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec evaluate, EffectiveSpec(EvaluateJob("m:3", "maize", "default")));
  EXPECT_EQ(evaluate.evaluate().subset(), "validation");
  EXPECT_EQ(evaluate.evaluate().batch_size(), 32);
  EXPECT_EQ(evaluate.evaluate().top_k(), 5);
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec whole, EffectiveSpec(EvaluateJob("m", "maize")));
  EXPECT_EQ(whole.evaluate().subset(), "");
}

// A specification that is right, what is done to it, and the field that the error names.
struct BadSpec {
  const char* field;
  v1::JobSpec spec;
  std::function<void(v1::JobSpec&)> spoil;
};

template <typename Change>
BadSpec BadTrain(const char* field, Change change) {
  return {field, TrainJob("maize"), [change](v1::JobSpec& spec) { change(*spec.mutable_train()); }};
}
template <typename Change>
BadSpec BadSplit(const char* field, Change change) {
  return {field, SplitJob("maize"), [change](v1::JobSpec& spec) { change(*spec.mutable_split()); }};
}
template <typename Change>
BadSpec BadIndex(const char* field, Change change) {
  return {field, IndexJob("maize"), [change](v1::JobSpec& spec) { change(*spec.mutable_index()); }};
}
template <typename Change>
BadSpec BadEvaluate(const char* field, Change change) {
  return {field, EvaluateJob("m", "maize", "s"), [change](v1::JobSpec& spec) { change(*spec.mutable_evaluate()); }};
}
template <typename Change>
BadSpec BadImport(const char* field, Change change) {
  return {field, ImportModelJob("m"), [change](v1::JobSpec& spec) { change(*spec.mutable_import_model()); }};
}
template <typename Change>
BadSpec BadBackbone(const char* field, Change change) {
  v1::JobSpec spec = TrainJob("maize");
  spec.mutable_train()->set_weights("vgg");
  return {field, spec, [change](v1::JobSpec& s) { change(*s.mutable_train()); }};
}
template <typename Change>
BadSpec BadOnFeatures(const char* field, Change change) {
  return {field, TrainOnFeaturesJob("rows"), [change](v1::JobSpec& spec) { change(*spec.mutable_train()); }};
}
template <typename Change>
BadSpec BadExtract(const char* field, Change change) {
  return {field, ExtractJob("maize", "m", "rows"), [change](v1::JobSpec& spec) { change(*spec.mutable_extract()); }};
}
template <typename Change>
BadSpec BadEdit(const char* field, Change change) {
  return {field, PopJob("m", "popped"), [change](v1::JobSpec& spec) { change(*spec.mutable_edit_model()); }};
}
template <typename Change>
BadSpec BadExport(const char* field, Change change) {
  return {field, ExportModelJob("m"), [change](v1::JobSpec& spec) { change(*spec.mutable_export_()); }};
}
template <typename Change>
BadSpec BadClean(const char* field, Change change) {
  return {field, CleanJob("maize", "masks"), [change](v1::JobSpec& spec) { change(*spec.mutable_clean()); }};
}
template <typename Change>
BadSpec BadJob(const char* field, Change change) {
  return {field, TrainJob("maize"), [change](v1::JobSpec& spec) { change(spec); }};
}

const double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<BadSpec> BadSpecs() {
  return {
      BadJob("spec.task", [](auto& s) { s.clear_task(); }),
      BadJob("spec.priority", [](auto& s) { s.set_priority(101); }),
      BadJob("spec.priority", [](auto& s) { s.set_priority(-101); }),
      BadJob("spec.timeout", [](auto& s) { s.mutable_timeout()->set_seconds(0); }),
      BadJob("spec.timeout", [](auto& s) { s.mutable_timeout()->set_seconds(-5); }),
      BadJob("spec.timeout", [](auto& s) { s.mutable_timeout()->set_nanos(2'000'000'000); }),
      BadJob("spec.depends_on",
             [](auto& s) {
               for (int i = 0; i < 101; ++i) s.add_depends_on("train-" + std::to_string(i + 1));
             }),
      BadJob("spec.depends_on",
             [](auto& s) {
               for (int i = 0; i < 2; ++i) s.add_depends_on("train-1");
             }),
      BadJob("spec.labels",
             [](auto& s) {
               for (int i = 0; i < 33; ++i) (*s.mutable_labels())[std::to_string(i)] = "";
             }),
      BadJob("spec.labels", [](auto& s) { (*s.mutable_labels())["k"] = std::string(129, 'v'); }),
      BadJob("spec.labels", [](auto& s) { (*s.mutable_labels())[""] = "v"; }),
      BadImport("spec.import_model.model", [](auto& s) { s.set_model("M"); }),
      BadImport("spec.import_model.arch", [](auto& s) { s.set_arch("vgg17"); }),
      BadImport("spec.import_model.weights_sha256", [](auto& s) { s.set_weights_sha256("abc"); }),
      BadImport("spec.import_model.source", [](auto& s) { s.set_source(std::string(5000, 'x')); }),
      BadImport("spec.import_model.classes", [](auto& s) { s.add_classes("maize"); }),
      BadImport("spec.import_model.preprocessing.width", [](auto& s) { s.mutable_preprocessing()->set_width(-1); }),
      BadImport("spec.import_model.preprocessing.center", [](auto& s) { s.mutable_preprocessing()->set_center(v1::CENTER_MEAN_IMAGE); }),
      BadIndex("spec.index.dataset", [](auto& s) { s.set_dataset("Maize"); }),
      BadIndex("spec.index.dataset", [](auto& s) { s.set_dataset(""); }),
      BadIndex("spec.index.dataset", [](auto& s) { s.set_dataset("../x"); }),
      BadIndex("spec.index.source", [](auto& s) { s.clear_source(); }),
      BadIndex("spec.index.root", [](auto& s) { s.set_root("photos"); }),
      BadIndex("spec.index.root", [](auto& s) { s.set_root("/photos/../etc"); }),
      BadIndex("spec.index.root", [](auto& s) { s.set_root("/" + std::string(5000, 'x')); }),
      BadIndex("spec.index.root", [](auto& s) { s.set_root(std::string("/a\0b", 4)); }),
      BadIndex("spec.index.listing_sha256", [](auto& s) { s.set_listing_sha256("12"); }),
      BadSplit("spec.split.dataset", [](auto& s) { s.clear_dataset(); }),
      BadSplit("spec.split.dataset_version", [](auto& s) { s.set_dataset_version(-1); }),
      BadSplit("spec.split.name", [](auto& s) { s.set_name("a b"); }),
      BadSplit("spec.split.rule", [](auto& s) { s.clear_rule(); }),
      BadSplit("spec.split.rule", [](auto& s) { s.set_from_folders(false); }),
      BadSplit("spec.split.in_order",
               [](auto& s) {
                 s.set_from_folders(true);
                 s.set_in_order(true);
               }),
      BadSplit("spec.split.per_class", [](auto& s) { s.set_per_class(0); }),
      BadSplit("spec.split.fraction", [](auto& s) { s.set_fraction(1); }),
      BadSplit("spec.split.fraction", [](auto& s) { s.set_fraction(kNan); }),
      BadSplit("spec.split.test_fraction",
               [](auto& s) {
                 s.set_fraction(0.5);
                 s.set_test_fraction(0.5);
               }),
      BadSplit("spec.split.test_fraction", [](auto& s) { s.set_test_fraction(0.1); }),
      BadSplit("spec.split.test_per_class", [](auto& s) { s.set_test_per_class(-1); }),
      BadSplit("spec.split.test_per_class",
               [](auto& s) {
                 s.set_fraction(0.1);
                 s.set_test_per_class(3);
               }),
      BadSplit("spec.split.group_by", [](auto& s) { s.set_group_by("("); }),
      BadSplit("spec.split.group_by", [](auto& s) { s.set_group_by("plot[0-9]+"); }),
      BadSplit("spec.split.group_by", [](auto& s) { s.set_group_by("(" + std::string(300, 'a') + ")"); }),
      BadSplit("spec.split.materialize_dir", [](auto& s) { s.set_materialize_dir("out"); }),
      BadSplit("spec.split.materialize_mode", [](auto& s) { s.set_materialize_mode(static_cast<v1::MaterializeMode>(9)); }),
      BadTrain("spec.train.dataset", [](auto& s) { s.set_dataset("a/b"); }),
      BadTrain("spec.train.split", [](auto& s) { s.set_split("-x"); }),
      BadTrain("spec.train.arch", [](auto& s) { s.set_arch("vgg99"); }),
      BadTrain("spec.train.arch", [](auto& s) { s.clear_arch(); }),
      BadTrain("spec.train.model", [](auto& s) { s.clear_model(); }),
      BadTrain("spec.train.epochs", [](auto& s) { s.set_epochs(-1); }),
      BadTrain("spec.train.epochs", [](auto& s) { s.set_epochs(100'001); }),
      BadTrain("spec.train.batch_size", [](auto& s) { s.set_batch_size(65'537); }),
      BadTrain("spec.train.threads", [](auto& s) { s.set_threads(-1); }),
      BadTrain("spec.train.keep", [](auto& s) { s.set_keep(static_cast<v1::Keep>(7)); }),
      BadTrain("spec.train.initial_model", [](auto& s) { s.set_initial_model("m:x"); }),
      BadTrain("spec.train.checkpoint_interval", [](auto& s) { s.mutable_checkpoint_interval(); }),
      BadTrain("spec.train.optimizer.name", [](auto& s) { s.mutable_optimizer()->set_name("lion"); }),
      BadTrain("spec.train.optimizer.lr", [](auto& s) { s.mutable_optimizer()->set_lr(0); }),
      BadTrain("spec.train.optimizer.lr", [](auto& s) { s.mutable_optimizer()->set_lr(kNan); }),
      BadTrain("spec.train.optimizer.momentum", [](auto& s) { s.mutable_optimizer()->set_momentum(1); }),
      BadTrain("spec.train.optimizer", [](auto& s) { s.mutable_optimizer()->set_beta1(0.9); }),
      BadTrain("spec.train.optimizer",
               [](auto& s) {
                 s.mutable_optimizer()->set_name("adam");
                 s.mutable_optimizer()->set_momentum(0);
               }),
      BadTrain("spec.train.optimizer.beta2",
               [](auto& s) {
                 s.mutable_optimizer()->set_name("adam");
                 s.mutable_optimizer()->set_beta2(1);
               }),
      BadTrain("spec.train.optimizer.epsilon",
               [](auto& s) {
                 s.mutable_optimizer()->set_name("adam");
                 s.mutable_optimizer()->set_epsilon(0);
               }),
      BadTrain("spec.train.preprocessing.width", [](auto& s) { s.mutable_preprocessing()->set_width(4097); }),
      BadTrain("spec.train.preprocessing.height", [](auto& s) { s.mutable_preprocessing()->set_height(-1); }),
      BadTrain("spec.train.preprocessing.rescale", [](auto& s) { s.mutable_preprocessing()->set_rescale(0); }),
      BadTrain("spec.train.preprocessing.center", [](auto& s) { s.mutable_preprocessing()->set_center(static_cast<v1::Center>(5)); }),
      BadEvaluate("spec.evaluate.model", [](auto& s) { s.set_model("m:0"); }),
      BadEvaluate("spec.evaluate.model", [](auto& s) { s.clear_model(); }),
      BadEvaluate("spec.evaluate.dataset", [](auto& s) { s.clear_dataset(); }),
      BadEvaluate("spec.evaluate.subset",
                  [](auto& s) {
                    s.clear_split();
                    s.set_subset("validation");
                  }),
      BadEvaluate("spec.evaluate.batch_size", [](auto& s) { s.set_batch_size(-2); }),
  };
}

std::vector<BadSpec> BadBackboneSpecs() {
  return {
      BadTrain("spec.train.preprocessing.mean", [](auto& s) { s.mutable_preprocessing()->add_mean(0.5); }),
      BadTrain("spec.train.preprocessing.std",
               [](auto& s) {
                 for (int i = 0; i < 3; ++i) s.mutable_preprocessing()->add_std(0);
               }),
      BadTrain("spec.train.preprocessing.preset", [](auto& s) { s.mutable_preprocessing()->set_preset("imagnet"); }),
      BadTrain("spec.train.preprocessing.channels",
               [](auto& s) { s.mutable_preprocessing()->set_channels(static_cast<v1::ChannelOrder>(9)); }),
      BadTrain("spec.train.head", [](auto& s) { s.mutable_head(); }),
      BadTrain("spec.train.head", [](auto& s) { s.mutable_head()->add_values()->set_string_value(std::string(70'000, 'x')); }),
      BadTrain("spec.train.preprocessing.pipeline", [](auto& s) { s.mutable_preprocessing()->mutable_pipeline()->add_values(); }),
      BadTrain("spec.train.augment", [](auto& s) { s.mutable_augment()->add_values()->set_number_value(1); }),
      BadTrain("spec.train.augment", [](auto& s) { s.mutable_augment()->add_values()->mutable_struct_value(); }),
      BadTrain("spec.train.augment", [](auto& s) { s.mutable_augment()->add_values()->set_string_value(std::string(70'000, 'x')); }),
      BadTrain("spec.train.augment_views", [](auto& s) { s.set_augment_views(2); }),
      BadTrain("spec.train.augment_views",
               [](auto& s) {
                 s.mutable_augment()->add_values()->set_string_value("light");
                 s.set_augment_views(1'001);
               }),
      BadTrain("spec.train.augment_views",
               [](auto& s) {
                 s.mutable_augment()->add_values()->set_string_value("light");
                 s.set_augment_views(2);
                 s.set_feature_cache(false);
               }),
      BadOnFeatures("spec.train.augment", [](auto& s) { s.mutable_augment()->add_values()->set_string_value("light"); }),
      BadTrain("spec.train.trainable", [](auto& s) { s.add_trainable(""); }),
      BadTrain("spec.train.trainable", [](auto& s) { s.add_trainable(std::string(300, 'x')); }),
      BadTrain("spec.train.val_features", [](auto& s) { s.set_val_features("rows"); }),
      BadBackbone("spec.train.weights", [](auto& s) { s.set_weights("vgg:"); }),
      BadBackbone("spec.train.initial_model", [](auto& s) { s.set_initial_model("m"); }),
      BadBackbone("spec.train.arch", [](auto& s) { s.set_arch("vgg17"); }),
      BadBackbone("spec.train.preprocessing.height", [](auto& s) { s.mutable_preprocessing()->set_height(5000); }),
      BadOnFeatures("spec.train.features", [](auto& s) { s.set_features("Rows"); }),
      BadOnFeatures("spec.train.val_features", [](auto& s) { s.set_val_features("Rows"); }),
      BadOnFeatures("spec.train.dataset", [](auto& s) { s.set_dataset("maize"); }),
      BadOnFeatures("spec.train.split", [](auto& s) { s.set_split("default"); }),
      BadOnFeatures("spec.train.weights", [](auto& s) { s.set_weights("vgg"); }),
      BadOnFeatures("spec.train.trainable", [](auto& s) { s.add_trainable("all"); }),
      BadOnFeatures("spec.train.preprocessing", [](auto& s) { s.mutable_preprocessing()->set_width(64); }),
      BadOnFeatures("spec.train.arch", [](auto& s) { s.set_arch("vgg17"); }),
      BadEvaluate("spec.evaluate.top_k", [](auto& s) { s.set_top_k(-1); }),
      BadExtract("spec.extract.dataset", [](auto& s) { s.clear_dataset(); }),
      BadExtract("spec.extract.subset", [](auto& s) { s.set_subset("train"); }),
      BadExtract("spec.extract.model", [](auto& s) { s.clear_model(); }),
      BadExtract("spec.extract.layer", [](auto& s) { s.set_layer(std::string(300, 'x')); }),
      BadExtract("spec.extract.pool", [](auto& s) { s.set_pool(static_cast<v1::Pool>(9)); }),
      BadExtract("spec.extract.features", [](auto& s) { s.set_features("a/b"); }),
      BadExtract("spec.extract.dtype", [](auto& s) { s.set_dtype(static_cast<v1::FeatureType>(9)); }),
      BadExtract("spec.extract.batch_size", [](auto& s) { s.set_batch_size(-1); }),
      BadExtract("spec.extract.threads", [](auto& s) { s.set_threads(2000); }),
      BadExtract("spec.extract.width", [](auto& s) { s.set_width(5000); }),
      BadExtract("spec.extract.height", [](auto& s) { s.set_height(-1); }),
      BadExtract("spec.extract.arch", [](auto& s) { s.set_arch("vgg17"); }),
      BadEdit("spec.edit_model.model", [](auto& s) { s.set_model(""); }),
      BadEdit("spec.edit_model.output", [](auto& s) { s.clear_output(); }),
      BadEdit("spec.edit_model.pop", [](auto& s) { s.set_pop(0); }),
      BadEdit("spec.edit_model.cut_layer", [](auto& s) { s.set_cut_layer(""); }),
      BadEdit("spec.edit_model.edit", [](auto& s) { s.clear_edit(); }),
      BadExport("spec.export.source", [](auto& s) { s.clear_source(); }),
      BadExport("spec.export.model", [](auto& s) { s.set_model("m:"); }),
      BadExport("spec.export.format", [](auto& s) { s.set_format("onnx"); }),
      BadExport("spec.export.format",
                [](auto& s) {
                  s.set_features("rows");
                  s.set_format("safetensors");
                }),
      BadExport("spec.export.features", [](auto& s) { s.set_features("Rows"); }),
      BadClean("spec.clean.dataset", [](auto& s) { s.clear_dataset(); }),
      BadClean("spec.clean.dataset_version", [](auto& s) { s.set_dataset_version(-1); }),
      BadClean("spec.clean.output", [](auto& s) { s.set_output("Masks"); }),
      BadClean("spec.clean.pipeline", [](auto& s) { s.clear_pipeline(); }),
      BadClean("spec.clean.pipeline", [](auto& s) { s.mutable_pipeline()->add_values()->set_number_value(1); }),
  };
}

TEST(Validation, NamesTheFieldThatIsOutOfItsLimits) {
  std::vector<BadSpec> specs = BadSpecs();
  for (BadSpec& bad : BadBackboneSpecs()) specs.push_back(std::move(bad));
  for (const BadSpec& bad : specs) {
    v1::JobSpec spec = bad.spec;
    SB_ASSERT_OK(EffectiveSpec(spec)) << bad.field;
    bad.spoil(spec);
    const absl::Status status = EffectiveSpec(spec).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.field)));
    EXPECT_EQ(FieldOf(status), bad.field) << status;
  }
}

TEST(Validation, DoesNotRepeatALongTextInFull) {
  v1::JobSpec spec = TrainJob("maize");
  spec.mutable_train()->set_arch(std::string(100'000, 'x'));
  EXPECT_LT(EffectiveSpec(spec).status().message().size(), 300u);
  spec = EvaluateJob("m:" + std::string(100'000, '1'), "maize");
  EXPECT_LT(EffectiveSpec(spec).status().message().size(), 300u);
}

TEST(Validation, RequestIds) {
  SB_EXPECT_OK(CheckRequestId(""));
  SB_EXPECT_OK(CheckRequestId("6f1e-44"));
  for (const std::string& bad : {std::string(129, 'x'), std::string("a b"), std::string("a\n"), std::string("\xc3\xa4")}) {
    EXPECT_EQ(FieldOf(CheckRequestId(bad)), "request_id");
  }
}

TEST(Validation, FingerprintsFollowTheMeaningNotTheOrder) {
  v1::JobSpec one = TrainJob("maize"), other = TrainJob("maize");
  for (int i = 0; i < 20; ++i) (*one.mutable_labels())["key" + std::to_string(i)] = "v";
  for (int i = 19; i >= 0; --i) (*other.mutable_labels())["key" + std::to_string(i)] = "v";
  EXPECT_EQ(Fingerprint(one), Fingerprint(other));
  other.mutable_train()->set_seed(1);
  EXPECT_NE(Fingerprint(one), Fingerprint(other));
}

}  // namespace
}  // namespace seedbed::jobs
