// Training on a backbone: from images, and from features stored before.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "core/base/file.h"
#include "core/graph/edit.h"
#include "core/nn/model_file.h"
#include "core/tasks/model/extract.h"
#include "core/tasks/model/train.h"
#include "gmock/gmock.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"
#include "tests/unit/core/tasks/model/report_data.h"
#include "tests/unit/core/tasks/model/tiny_backbone.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TinyBackbone;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kMap[] = "Which images are alike to the network";
constexpr char kDrawn[] = R"([{"fliplr": 0.5}, {"multiply": [0.5, 1.5]}])";
constexpr char kDeepHead[] = R"(["flatten", {"dense": 8}, "relu", {"dropout": 0.5}, {"dense": "classes"}])";

class TrainBackboneTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SB_ASSERT_OK(nn::WriteModel(folder_.path(), backbone_));
    spec_.weights = "tiny:1";
    spec_.weights_dir = folder_.path();
    spec_.arch.clear();
    spec_.preprocessing = {};
  }

  // What the report of a training holds.
  nlohmann::json ReportOf(const TrainSpec& spec) {
    FakeTaskContext context;
    EXPECT_THAT(RunTrain(spec, context), testing::IsOk());
    return testing::ReportData(*ReadFile(context.paths().artifacts_dir / "report.html"));
  }

  std::string Digest(const TrainSpec& spec) {
    FakeTaskContext context;
    const absl::StatusOr<TrainResult> result = RunTrain(spec, context);
    EXPECT_THAT(result, testing::IsOk());
    return result.ok() ? result->weights_sha256 : "";
  }

  // Extracts the features of a subset; `context` holds them.
  void Extract(const std::string& subset, const ExtractSpec& like, FakeTaskContext* context) {
    ExtractSpec spec = like;
    spec.dataset = "plants";
    spec.dataset_dir = dataset_.dataset_dir();
    spec.split_file = dataset_.split_file();
    spec.subset = subset;
    spec.model = "tiny";
    spec.model_dir = folder_.path();
    spec.features = subset;
    SB_ASSERT_OK(RunExtract(spec, *context));
  }
  TrainSpec OnFeatures() {
    TrainSpec spec = spec_;
    spec.dataset.clear();
    spec.dataset_dir.clear();
    spec.split.clear();
    spec.split_file.clear();
    spec.features = "f";
    spec.features_dir = training_.paths().output_dir;
    spec.val_features = "g";
    spec.val_features_dir = validation_.paths().output_dir;
    return spec;
  }

  const PreparedDataset dataset_{{"dark", "light", "mid"}};
  const testing::TemporaryDirectory folder_;
  const nn::SavedModel backbone_ = TinyBackbone();
  TrainSpec spec_ = dataset_.TrainSpec();
  FakeTaskContext context_;
  FakeTaskContext training_, validation_, flipped_;  // of extractions
};

TEST_F(TrainBackboneTest, PublishesTheWholeNetworkAndChangesTheHeadOnly) {
  spec_.epochs = 20;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  EXPECT_EQ(result.arch, "resnet18");
  EXPECT_EQ(result.preprocessing, backbone_.preprocessing);
  EXPECT_EQ(result.frozen_layer, "head_global_average_pool");
  EXPECT_EQ(result.backbone_images, 24);
  EXPECT_EQ(result.cached_images, 0);
  EXPECT_EQ(result.trainable_parameters, 6 * 3 + 3);
  EXPECT_EQ(result.parameters, backbone_.graph.parameter_count() + 21);
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  for (const auto& [name, tensor] : backbone_.weights) EXPECT_EQ(model.weights.at(name).data, tensor.data) << name;
  EXPECT_EQ(model.graph.layers().back().layer.name, "head_softmax");
  EXPECT_EQ(nlohmann::json::parse(result.graph), model.graph.ToJson());
  EXPECT_EQ(model.training["backbone"]["model"], "tiny:1");
  EXPECT_EQ(model.training["backbone"]["weights_sha256"], nn::ModelSha256(backbone_));
  EXPECT_EQ(model.training["frozen"]["feature_cache"], true);
  EXPECT_EQ(model.training["frozen"]["computed"], 24);
}

TEST_F(TrainBackboneTest, RunsTheBackboneOnceForAllJobs) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  EXPECT_THAT(context_.EventsOf<LogLine>()[0].message, AllOf(HasSubstr("21 of them trainable"), HasSubstr("runs the backbone"),
                                                             HasSubstr("once: 0 of 24 images in the feature cache")));
  FakeTaskContext second(context_, 2), third(context_, 3);
  spec_.seed = 7;
  SB_ASSERT_OK(RunTrain(spec_, second));
  EXPECT_THAT(second.EventsOf<LogLine>()[0].message, HasSubstr("once: 24 of 24 images in the feature cache"));
  // An extraction of the same layer, pooled by itself, finds the same rows.
  ExtractSpec extract;
  extract.pool = "avg";
  Extract("train", extract, &third);
  EXPECT_THAT(third.EventsOf<LogLine>()[0].message, HasSubstr("18 are in the feature cache, computes 0"));
}

TEST_F(TrainBackboneTest, TheCacheChangesNoBit) {
  for (const char* head : {"", kDeepHead}) {
    spec_.head = head;
    spec_.feature_cache = true;
    const std::string cached = Digest(spec_);
    spec_.feature_cache = false;
    EXPECT_EQ(Digest(spec_), cached) << head;
  }
}

// A backbone of the weights' may be given other pictures than it was trained with.
TEST_F(TrainBackboneTest, APipelineMayBePutBeforeWeights) {
  const std::string plain = Digest(spec_);
  spec_.preprocessing.steps = R"(["flipud"])";
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  EXPECT_EQ(result.preprocessing.steps, R"([{"flipud":{"p":1.0}}])");
  EXPECT_NE(result.weights_sha256, plain);
  FakeTaskContext again(context_, 2);
  EXPECT_EQ(RunTrain(spec_, again)->cached_images, 24);
}

TEST_F(TrainBackboneTest, AugmentedImagesGoThroughTheBackboneForEachBatch) {
  const std::string plain = Digest(spec_);
  spec_.augment = kDrawn;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  EXPECT_NE(result.weights_sha256, plain);
  EXPECT_EQ(result.backbone_images, 24);
  EXPECT_THAT(context_.EventsOf<LogLine>()[0].message,
              AllOf(HasSubstr("for every batch, on training images augmented anew in each epoch: fliplr, multiply"),
                    HasSubstr("0 of 6 validation images in the feature cache")));
  spec_.feature_cache = false;
  EXPECT_EQ(Digest(spec_), result.weights_sha256);
  spec_.threads = 1;
  EXPECT_EQ(Digest(spec_), result.weights_sha256) << "the little net rounds alike on one thread";
}

TEST_F(TrainBackboneTest, EpochsTakeViewsInTurn) {
  spec_.augment = kDrawn;
  const std::string anew = Digest(spec_);
  spec_.augment_views = 3;  // as many as epochs: each is seen once
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult three, RunTrain(spec_, context_));
  EXPECT_EQ(three.weights_sha256, anew);
  EXPECT_EQ(three.backbone_images, 3 * 18 + 6);
  EXPECT_THAT(context_.EventsOf<LogLine>()[0].message,
              AllOf(HasSubstr("once on each of 3 augmented views of a training image (fliplr, multiply)"), HasSubstr("0 of 60 rows")));
  const std::vector<int64_t> marks = context_.marks();
  EXPECT_TRUE(std::is_sorted(marks.begin(), marks.end()));
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.training["recipe"]["augment_views"], 3);
  // Fewer views than epochs begin again, and the first ones are there already; more views change nothing.
  FakeTaskContext second(context_, 2), third(context_, 3);
  spec_.augment_views = 2;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult two, RunTrain(spec_, second));
  EXPECT_NE(two.weights_sha256, anew);
  EXPECT_EQ(two.backbone_images, 0);
  EXPECT_EQ(two.cached_images, 2 * 18 + 6);
  spec_.augment_views = 5;
  EXPECT_EQ(RunTrain(spec_, third)->weights_sha256, anew);
}

TEST_F(TrainBackboneTest, AnInterruptedAugmentedTrainingEndsWithTheSameBits) {
  spec_.augment = kDrawn;
  spec_.head = kDeepHead;
  for (const int views : {0, 2}) {
    spec_.augment_views = views;
    const std::string whole = Digest(spec_);
    for (const size_t stop : {1, 3, 7, 11}) {
      FakeTaskContext first;
      std::atomic<size_t> checkpoints = 0;
      first.set_on_checkpoint([&](int64_t) {
        if (++checkpoints >= stop) first.Cancel();
      });
      (void)RunTrain(spec_, first);
      FakeTaskContext second(first, 2);
      SB_ASSERT_OK_AND_ASSIGN(const TrainResult resumed, RunTrain(spec_, second));
      EXPECT_EQ(resumed.weights_sha256, whole) << views << " views, stopped at checkpoint " << stop;
    }
  }
}

TEST_F(TrainBackboneTest, FeaturesStoredBeforeTrainTheSameHead) {
  for (const char* head : {R"(["global_average_pool", {"dense": "classes"}])", kDeepHead}) {
    FakeTaskContext cache;
    spec_.head = head;
    FakeTaskContext from_images(cache, 1), from_features(cache, 2);
    FakeTaskContext training(cache, 3), validation(cache, 4);
    Extract("train", {}, &training);
    Extract("validation", {}, &validation);
    SB_ASSERT_OK_AND_ASSIGN(const TrainResult images, RunTrain(spec_, from_images));
    TrainSpec spec = OnFeatures();
    spec.features_dir = training.paths().output_dir;
    spec.val_features_dir = validation.paths().output_dir;
    FakeTaskContext context;
    SB_ASSERT_OK_AND_ASSIGN(const TrainResult features, RunTrain(spec, context));
    EXPECT_EQ(features.parameters, images.parameters);
    EXPECT_NEAR(features.metrics.loss, images.metrics.loss, 1e-6);
    EXPECT_NEAR(*features.metrics.val_loss, *images.metrics.val_loss, 1e-6);
    SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context.paths().output_dir));
    EXPECT_EQ(model.training["features"], "f");
    EXPECT_EQ(model.graph.ToJson(), nn::ReadModel(from_images.paths().output_dir)->graph.ToJson());
  }
}

TEST_F(TrainBackboneTest, ReportHasAMapOfTheValidationImages) {
  const nlohmann::json report = ReportOf(spec_);
  const nlohmann::json section = testing::SectionOf(report, kMap), points = section["content"]["points"];
  EXPECT_THAT(section["text"].get<std::string>(), AllOf(HasSubstr("head_global_average_pool"), HasSubstr("the 6 validation images")));
  EXPECT_EQ(section["content"]["groups"], nlohmann::json({"dark", "light", "mid"}));
  ASSERT_EQ(points.size(), 6);
  std::vector<int> of_group(3);
  int marked = 0, mistakes = 0;
  for (const nlohmann::json& point : points) {
    const std::string group = section["content"]["groups"][point["group"].get<size_t>()];
    EXPECT_THAT(point["name"].get<std::string>(), StartsWith(group + "/"));
    EXPECT_TRUE(std::isfinite(point["x"].get<double>()) && std::isfinite(point["y"].get<double>()));
    ++of_group[point["group"].get<size_t>()];
    marked += point.contains("marked") ? 1 : 0;
  }
  EXPECT_THAT(of_group, Each(2));
  const nlohmann::json matrix = testing::SectionOf(report, "Who was taken for whom");
  for (const nlohmann::json& cell : matrix["content"]["cells"]) {
    mistakes += cell[0] == cell[1] ? 0 : cell[2].get<int>();
  }
  EXPECT_EQ(marked, mistakes);
  spec_.augment = kDrawn;
  EXPECT_EQ(testing::SectionOf(ReportOf(spec_), kMap)["content"]["points"].size(), 6);
}

TEST_F(TrainBackboneTest, ReportHasAMapOfTheTrainingImagesWhereNoOthersAre) {
  spec_.split.clear();
  spec_.split_file.clear();
  EXPECT_EQ(testing::SectionOf(ReportOf(spec_), kMap)["content"]["points"].size(), 24);
  spec_.trainable = {"all"};
  EXPECT_EQ(testing::SectionOf(ReportOf(spec_), kMap), nullptr) << "no layer is frozen";
}

TEST_F(TrainBackboneTest, ReportOnFeaturesShowsPicturesWhileTheDatasetIsThere) {
  Extract("train", {}, &training_);
  Extract("validation", {}, &validation_);
  TrainSpec spec = OnFeatures();
  const nlohmann::json without = ReportOf(spec);
  EXPECT_EQ(testing::SectionOf(without, "Most uncertain images"), nullptr);
  EXPECT_EQ(testing::SectionOf(without, kMap)["content"]["points"].size(), 6);
  spec.dataset_dir = folder_.path() / "deleted in the meantime";
  EXPECT_EQ(testing::SectionOf(ReportOf(spec), "Most uncertain images"), nullptr);
  spec.dataset_dir = dataset_.dataset_dir();
  const nlohmann::json with = ReportOf(spec);
  EXPECT_EQ(testing::SectionOf(with, "Most uncertain images")["content"]["pictures"].size(), 6);
  EXPECT_EQ(testing::SectionOf(with, kMap), testing::SectionOf(without, kMap));
}

// The dataset was deleted, say, and another one has its name.
TEST_F(TrainBackboneTest, ReportOnFeaturesShowsNoOtherPictures) {
  Extract("train", {}, &training_);
  Extract("validation", {}, &validation_);
  const PreparedDataset other({"light", "mid", "dark"});  // other pictures at the same paths
  TrainSpec spec = OnFeatures();
  spec.dataset_dir = other.dataset_dir();
  SB_ASSERT_OK(RunTrain(spec, context_));
  std::vector<std::string> warnings;
  for (const Warning& warning : context_.EventsOf<Warning>()) warnings.push_back(warning.message);
  EXPECT_THAT(warnings,
              Contains(AllOf(HasSubstr("the report shows no images"), HasSubstr("of which there are features"), HasSubstr("as it was"))));
}

TEST_F(TrainBackboneTest, PooledFeaturesTakeADenseLayer) {
  ExtractSpec extract;
  extract.pool = "max";
  Extract("train", extract, &training_);
  TrainSpec spec = OnFeatures();
  spec.val_features.clear();
  spec.val_features_dir.clear();
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec, context_));
  EXPECT_EQ(result.trainable_parameters, 21);
  EXPECT_FALSE(result.metrics.val_loss);
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_NE(model.graph.Find("head_global_max_pool"), nullptr);
}

TEST_F(TrainBackboneTest, HeadsLearnFromMixedFeatures) {
  const std::string plain = Digest(spec_);
  spec_.augment = R"(["mixup"])";
  EXPECT_NE(Digest(spec_), plain);
  spec_.augment = R"(["cutmix"])";
  EXPECT_THAT(RunTrain(spec_, context_), StatusIs(kInvalid, HasSubstr("cutmix needs pictures")));
}

TEST_F(TrainBackboneTest, InterruptedAtAnyCheckpointItEndsWithTheSameBits) {
  spec_.head = kDeepHead;
  spec_.optimizer = {.name = "adam", .lr = 0.01};
  spec_.epochs = 2;
  const std::string whole = Digest(spec_);
  // Decoded images, features of the backbone, and in each epoch five batches and its end.
  for (const size_t stop : {1, 2, 3, 4, 7, 8, 10, 13}) {
    FakeTaskContext first;
    std::atomic<size_t> checkpoints = 0;
    first.set_on_checkpoint([&](int64_t) {
      if (++checkpoints >= stop) first.Cancel();
    });
    (void)RunTrain(spec_, first);
    const std::vector<int64_t> marks = first.marks();
    EXPECT_TRUE(std::is_sorted(marks.begin(), marks.end()));
    FakeTaskContext second(first, 2);
    SB_ASSERT_OK_AND_ASSIGN(const TrainResult resumed, RunTrain(spec_, second));
    EXPECT_EQ(resumed.weights_sha256, whole);
  }
}

TEST_F(TrainBackboneTest, MoreThanTheHeadMayBeTrained) {
  spec_.trainable = {"head", "conv2"};
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.weights.at("conv.weight").data, backbone_.weights.at("conv.weight").data);
  EXPECT_NE(model.weights.at("conv2.weight").data, backbone_.weights.at("conv2.weight").data);
  EXPECT_EQ(model.training["frozen"]["layer"], "pool");
  EXPECT_EQ(result.trainable_parameters, 21 + 6 * 4 * 9 + 6);
}

TEST_F(TrainBackboneTest, ANetOfOnesOwnTrainsFromScratch) {
  TrainSpec spec = dataset_.TrainSpec();
  spec.head = R"([{"conv2d": {"filters": 4, "kernel": 3}}, "batch_norm", "relu", {"max_pool": 2}, "flatten", {"dense": "classes"}])";
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec, context_));
  EXPECT_EQ(result.parameters, 4 * 27 + 4 + 4 * 4 + 3 * 48 + 3);
  EXPECT_EQ(result.trainable_parameters, result.parameters - 8);
}

TEST_F(TrainBackboneTest, ATrainedModelIsABackboneWithoutItsHead) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  spec_.weights = "m:1";
  spec_.weights_dir = context_.paths().output_dir;
  spec_.preprocessing.width = 12;  // nothing here but the head would mind
  spec_.head = R"(["global_max_pool", {"dense": "classes"}])";
  FakeTaskContext second;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, second));
  EXPECT_EQ(result.preprocessing.width, 12);
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(second.paths().output_dir));
  EXPECT_EQ(model.graph.layers().size(), backbone_.graph.layers().size() + 3);
}

TEST_F(TrainBackboneTest, GoesOnFromATrainedModelWithMoreLayers) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  TrainSpec spec = spec_;
  spec.weights.clear();
  spec.weights_dir.clear();
  spec.initial_model_dir = context_.paths().output_dir;
  FakeTaskContext same, more;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult head, RunTrain(spec, same));
  EXPECT_EQ(head.trainable_parameters, 21);
  spec.trainable = {"all"};
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult all, RunTrain(spec, more));
  EXPECT_GT(all.trainable_parameters, 200);
}

TEST_F(TrainBackboneTest, RefusesWhatDoesNotFitTheWeights) {
  const auto with = [&](const std::function<void(TrainSpec&)>& change) {
    TrainSpec spec = spec_;
    change(spec);
    FakeTaskContext context;
    return RunTrain(spec, context).status();
  };
  EXPECT_THAT(with([](TrainSpec& s) { s.arch = "vgg16"; }), StatusIs(kInvalid, AllOf(HasSubstr("resnet18"), HasSubstr("vgg16"))));
  EXPECT_THAT(with([](TrainSpec& s) { s.preprocessing.preset = "unit"; }),
              StatusIs(kInvalid, AllOf(HasSubstr("'tiny:1'"), HasSubstr("0.485"), HasSubstr("asked for was"))));
  EXPECT_THAT(with([](TrainSpec& s) { s.preprocessing.center = image::Center::kMeanImage; }), StatusIs(kInvalid, HasSubstr("mean image")));
  EXPECT_THAT(with([](TrainSpec& s) { s.head = R"(["flatten", {"dense": 5}])"; }), StatusIs(kInvalid, HasSubstr("3")));
  EXPECT_THAT(with([](TrainSpec& s) { s.head = "[flatten"; }), StatusIs(kInvalid, HasSubstr("[flatten")));
  EXPECT_THAT(with([](TrainSpec& s) { s.trainable = {"hed"}; }), StatusIs(kInvalid, HasSubstr("'hed'")));
  EXPECT_THAT(with([](TrainSpec& s) { s.trainable = {"none"}; }), StatusIs(kInvalid, HasSubstr("nothing would be trained")));
  EXPECT_THAT(with([&](TrainSpec& s) { s.initial_model_dir = s.weights_dir; }), StatusIs(kInvalid, HasSubstr("leave one of them out")));
  EXPECT_THAT(with([](TrainSpec& s) { s.weights_dir = "/nowhere"; }), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TrainBackboneTest, RefusesFeaturesThatDoNotFit) {
  Extract("train", {}, &training_);
  ExtractSpec other;
  other.width = 12;
  Extract("validation", other, &validation_);
  const auto with = [&](const std::function<void(TrainSpec&)>& change) {
    TrainSpec spec = OnFeatures();
    change(spec);
    FakeTaskContext context;
    return RunTrain(spec, context).status();
  };
  EXPECT_THAT(with([](TrainSpec&) {}), StatusIs(kInvalid, AllOf(HasSubstr("'f'"), HasSubstr("'g'"), HasSubstr("12x9"), HasSubstr("10x9"))));
  const auto alone = [&](const std::function<void(TrainSpec&)>& change) {
    return with([&](TrainSpec& s) {
      s.val_features_dir.clear();
      change(s);
    });
  };
  EXPECT_THAT(alone([](TrainSpec& s) { s.preprocessing.preset = "unit"; }), StatusIs(kInvalid, HasSubstr("the features of 'f' expect")));
  EXPECT_THAT(alone([](TrainSpec& s) { s.preprocessing.width = 12; }), StatusIs(kInvalid, HasSubstr("12x9")));
  EXPECT_THAT(alone([](TrainSpec& s) { s.preprocessing.steps = R"(["flipud"])"; }),
              StatusIs(kInvalid, AllOf(HasSubstr("10x9 bilinear, RGB"), HasSubstr("10x9 bilinear, flipud, RGB"))));
  EXPECT_THAT(alone([](TrainSpec& s) { s.augment = kDrawn; }), StatusIs(kInvalid, AllOf(HasSubstr("'f'"), HasSubstr("augment_views"))));
  EXPECT_THAT(alone([](TrainSpec& s) { s.trainable = {"conv2"}; }), StatusIs(kInvalid, HasSubstr("cannot be trained from the features")));
  EXPECT_THAT(alone([](TrainSpec& s) { s.dataset = "plants"; }), StatusIs(kInvalid, HasSubstr("leave one of them out")));
  ExtractSpec flipped;
  flipped.steps = R"(["flipud"])";
  Extract("validation", flipped, &flipped_);
  EXPECT_THAT(with([&](TrainSpec& s) { s.val_features_dir = flipped_.paths().output_dir; }),
              StatusIs(kInvalid, HasSubstr(R"(pipeline none rather than [{"flipud":{"p":1.0}}])")));
  const testing::TemporaryDirectory changed;
  SB_ASSERT_OK(nn::WriteModel(changed.path(), TinyBackbone(2)));
  EXPECT_THAT(alone([&](TrainSpec& s) { s.weights_dir = changed.path(); }), StatusIs(kInvalid, HasSubstr("extract the features again")));
}

}  // namespace
}  // namespace seedbed::tasks
