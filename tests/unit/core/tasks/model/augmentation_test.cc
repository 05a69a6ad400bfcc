// Pipelines and augmentation in trainings from pixels; train_backbone_test.cc has those through a frozen net.
#include "core/tasks/model/augmentation.h"

#include <functional>

#include "core/nn/model_file.h"
#include "core/tasks/model/train.h"
#include "gmock/gmock.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kDrawn[] = R"([{"fliplr": 0.5}, {"multiply": [0.5, 1.5]}, {"crop": {"percent": [0, 0.3]}}])";

class AugmentationTest : public ::testing::Test {
 protected:
  std::string Digest(const TrainSpec& spec) {
    FakeTaskContext context;
    const absl::StatusOr<TrainResult> result = RunTrain(spec, context);
    EXPECT_THAT(result, testing::IsOk());
    return result.ok() ? result->weights_sha256 : "";
  }
  absl::Status Refusal(const std::function<void(TrainSpec&)>& change) {
    TrainSpec spec = dataset_.TrainSpec();
    change(spec);
    FakeTaskContext context;
    return RunTrain(spec, context).status();
  }

  const PreparedDataset dataset_{{"dark", "mid", "light"}};
  TrainSpec spec_ = dataset_.TrainSpec();
  FakeTaskContext context_;
};

TEST_F(AugmentationTest, SeedAndEpochDecideTheBitsAndThreadsDoNot) {
  const std::string plain = Digest(spec_);
  spec_.augment = kDrawn;
  spec_.threads = 1;
  const std::string augmented = Digest(spec_);
  EXPECT_NE(augmented, plain);
  for (const int threads : {2, 3}) {
    spec_.threads = threads;
    EXPECT_EQ(Digest(spec_), augmented) << threads;
  }
  spec_.seed = 1;
  EXPECT_NE(Digest(spec_), augmented);
}

TEST_F(AugmentationTest, IsSaidFirstAndRecordedWithEverySetting) {
  spec_.augment = R"(["fliplr", {"multiply": [0.5, 1.5]}])";
  SB_ASSERT_OK(RunTrain(spec_, context_));
  EXPECT_THAT(context_.EventsOf<LogLine>()[0].message, HasSubstr("augments the training images anew in each epoch: fliplr, multiply"));
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.training["recipe"]["augment"].dump(), R"([{"fliplr":{"p":1.0}},{"multiply":{"mul":[0.5,1.5],"per_channel":0.0}}])");
  EXPECT_EQ(model.training["recipe"]["augment_views"], 0);
}

// Pictures that augmentation makes black teach nothing but the classes' shares; those that validate keep what tells them apart.
TEST_F(AugmentationTest, NeverReachesWhatValidates) {
  spec_.epochs = 20;
  SB_ASSERT_OK(RunTrain(spec_, context_));
  FakeTaskContext further;
  spec_.initial_model_dir = context_.paths().output_dir;
  spec_.optimizer.lr = 1e-12;
  spec_.epochs = 1;
  spec_.augment = R"([{"multiply": 0}])";
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult black, RunTrain(spec_, further));
  spec_.augment.clear();
  FakeTaskContext plain;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult seen, RunTrain(spec_, plain));
  EXPECT_GT(black.metrics.loss, 2 * seen.metrics.loss);
  EXPECT_NEAR(*black.metrics.val_loss, *seen.metrics.val_loss, 1e-6);
}

TEST_F(AugmentationTest, AnInterruptedTrainingEndsWithTheSameBits) {
  spec_.augment = kDrawn;
  const std::string whole = Digest(spec_);
  for (int epoch = 1; epoch <= 2; ++epoch) {
    FakeTaskContext first;
    first.set_on_event([&](const TaskEvent& event) {
      if (event.key == "epoch/" + std::to_string(epoch)) first.Cancel();
    });
    EXPECT_THAT(RunTrain(spec_, first), StatusIs(absl::StatusCode::kCancelled));
    FakeTaskContext second(first, 2);
    SB_ASSERT_OK_AND_ASSIGN(const TrainResult resumed, RunTrain(spec_, second));
    EXPECT_EQ(resumed.weights_sha256, whole);
    EXPECT_THAT(second.events().back().key, Not(HasSubstr("warning")));
  }
}

TEST_F(AugmentationTest, NamesAFilesViewByAllThatDecidesIt) {
  const std::string image(64, 'a'), other(64, 'b');
  TrainSpec spec;
  spec.augment = kDrawn;
  const auto digest = [&](const std::string& sha256, uint32_t epoch) { return Augmentation::Create(spec)->Digest(sha256, epoch); };
  const std::string reference = digest(image, 0);
  EXPECT_EQ(digest(image, 0), reference);
  EXPECT_NE(digest(other, 0), reference);
  EXPECT_NE(digest(image, 1), reference);
  spec.seed = 1;
  EXPECT_NE(digest(image, 0), reference);
  spec.seed = 0;
  spec.augment = R"([{"fliplr": 0.5}])";
  EXPECT_NE(digest(image, 0), reference);
}

TEST_F(AugmentationTest, RefusesStepsNamingThemAndTheirSettings) {
  const auto with = [&](const char* steps) { return Refusal([&](TrainSpec& spec) { spec.augment = steps; }); };
  EXPECT_THAT(with(R"([{"fliplr": 0.5}, "flipr"])"), StatusIs(kInvalid, AllOf(HasSubstr("augment[1]"), HasSubstr("'flipr'"))));
  EXPECT_THAT(with(R"([{"fliplr": 2}])"), StatusIs(kInvalid, AllOf(HasSubstr("augment[0].fliplr.p is 2"), HasSubstr("between 0 and 1"))));
  EXPECT_THAT(with(R"([{"multiply": [1.5, 0.5]}])"), StatusIs(kInvalid, HasSubstr("augment[0].multiply.mul runs from 1.5 to 0.5")));
  EXPECT_THAT(with("{}"), StatusIs(kInvalid, HasSubstr("must be a list of steps")));
  EXPECT_THAT(Refusal([](TrainSpec& spec) { spec.augment_views = 2; }), StatusIs(kInvalid, HasSubstr("augment_views needs a step")));
  EXPECT_THAT(Refusal([](TrainSpec& spec) {
                spec.augment = kDrawn;
                spec.augment_views = 2;
              }),
              StatusIs(kInvalid, HasSubstr("augment_views needs layers that are not trained")));
}

TEST_F(AugmentationTest, APipelineIsPartOfThePreprocessing) {
  spec_.preprocessing.steps = R"(["flipud"])";
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  EXPECT_EQ(result.preprocessing.steps, R"([{"flipud":{"p":1.0}}])");
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.preprocessing, result.preprocessing);
  // The cache keeps both kinds of pictures apart.
  FakeTaskContext plain(context_, 2);
  spec_.preprocessing.steps.reset();
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult other, RunTrain(spec_, plain));
  EXPECT_EQ(other.preprocessing.steps, "");
  EXPECT_NE(other.weights_sha256, result.weights_sha256);
  EXPECT_THAT(plain.EventsOf<LogLine>()[1].message, HasSubstr("0 were in the cache"));
}

TEST_F(AugmentationTest, RefusesPipelinesThatDrawOrDoNotFit) {
  const auto with = [&](const char* steps) { return Refusal([&](TrainSpec& spec) { spec.preprocessing.steps = steps; }); };
  EXPECT_THAT(with(R"([{"fliplr": 0.5}])"), StatusIs(kInvalid, AllOf(HasSubstr("'fliplr'"), HasSubstr("belong into augment"))));
  EXPECT_THAT(with(R"(["mirror"])"), StatusIs(kInvalid, AllOf(HasSubstr("pipeline[0]"), HasSubstr("'mirror'"))));
  EXPECT_THAT(with("[1]"), StatusIs(kInvalid, HasSubstr("pipeline[0] is 1")));
}

TEST_F(AugmentationTest, AModelGoesOnOnlyWithItsOwnPipeline) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  FakeTaskContext second;
  spec_.initial_model_dir = context_.paths().output_dir;
  spec_.preprocessing.steps = R"(["flipud"])";
  EXPECT_THAT(RunTrain(spec_, second), StatusIs(kInvalid, AllOf(HasSubstr("10x9 bilinear, RGB"), HasSubstr("10x9 bilinear, flipud, RGB"),
                                                                HasSubstr(R"(pipeline [{"flipud":{"p":1.0}}] rather than none)"))));
}

}  // namespace
}  // namespace seedbed::tasks
