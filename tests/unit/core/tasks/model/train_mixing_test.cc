// Training whose batches are mixed (core/augment/mixing.h).
#include "core/nn/model_file.h"
#include "core/tasks/model/train.h"
#include "gmock/gmock.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

class TrainMixingTest : public ::testing::Test {
 protected:
  void SetUp() override { spec_.augment = R"([{"mixup": 0.4}, "cutmix"])"; }
  std::string Digest(int threads = 1) {
    FakeTaskContext context;
    spec_.threads = threads;
    const absl::StatusOr<TrainResult> result = RunTrain(spec_, context);
    EXPECT_THAT(result, testing::IsOk());
    return result.ok() ? result->weights_sha256 : "";
  }

  const PreparedDataset dataset_{{"dark", "light", "mid"}};
  TrainSpec spec_ = dataset_.TrainSpec();
  FakeTaskContext context_;
};

TEST_F(TrainMixingTest, IsWrittenIntoTheModelAndSaid) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.training["recipe"]["augment"], nlohmann::json::parse(R"([{"mixup": {"alpha": 0.4}}, {"cutmix": {"alpha": 1.0}}])"));
  EXPECT_THAT(context_.EventsOf<LogLine>()[0].message, HasSubstr("mixes batches"));
}

TEST_F(TrainMixingTest, ThreadsDoNotChangeBitsAndMixesDo) {
  const std::string mixed = Digest();
  EXPECT_EQ(Digest(2), mixed);
  spec_.augment = R"([{"mixup": 0.4}])";
  EXPECT_NE(Digest(), mixed);
  spec_.augment.clear();
  EXPECT_NE(Digest(), mixed);
}

TEST_F(TrainMixingTest, StepsComeBeforeMixes) {
  spec_.augment = R"(["light", "cutmix"])";
  const std::string both = Digest();
  EXPECT_EQ(Digest(2), both);
  spec_.augment = R"(["cutmix"])";
  EXPECT_NE(Digest(), both);
}

TEST_F(TrainMixingTest, ResumesExactly) {
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult whole, RunTrain(spec_, context_));
  FakeTaskContext first;
  first.set_on_event([&](const TaskEvent& event) {
    if (event.key == "epoch/1") first.Cancel();
  });
  EXPECT_THAT(RunTrain(spec_, first), StatusIs(absl::StatusCode::kCancelled, HasSubstr("after epoch 1")));
  FakeTaskContext second(first, 2);
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult resumed, RunTrain(spec_, second));
  EXPECT_EQ(resumed.weights_sha256, whole.weights_sha256);
}

TEST_F(TrainMixingTest, RefusesWhatIsWrong) {
  spec_.augment = R"(["mixup", "invert"])";
  EXPECT_THAT(RunTrain(spec_, context_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("augment[1] comes after a mix")));
}

}  // namespace
}  // namespace seedbed::tasks
