#include "core/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/base/philox.h"
#include "core/graph/architectures.h"
#include "core/nn/weights.h"
#include "core/train/linear_learner.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/train/trainer_testing.h"

namespace seedbed::train {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kSide = 4, kClasses = 3;
constexpr size_t kTraining = 22, kValidation = 7;

struct Pictures {
  Pictures() {
    RandomStream random(2, RandomPurpose::kGenerate);
    pixels.resize((kTraining + kValidation) * kSide * kSide * 3);
    for (size_t i = 0; i < kTraining + kValidation; ++i) {
      const int32_t label = static_cast<int32_t>(i % kClasses);
      uint8_t* row = &pixels[i * kSide * kSide * 3];
      for (int p = 0; p < kSide * kSide * 3; ++p) row[p] = static_cast<uint8_t>(random.NextBelow(200) + (p % kClasses == label ? 50 : 0));
      (i < kTraining ? training_rows : validation_rows).push_back(row);
      (i < kTraining ? training : validation).labels.push_back(label);
    }
    training.rows = training_rows;
    validation.rows = validation_rows;
  }
  std::vector<uint8_t> pixels;
  std::vector<const uint8_t*> training_rows, validation_rows;
  Examples training, validation;
};

class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() : graph_(*graph::BuildArchitecture("logistic", {.input_shape = {kSide, kSide, 3}, .classes = kClasses})) {
    options_.epochs = 3;
    options_.batch_size = 5;
    options_.seed = 9;
    options_.lr = 0.05;
    options_.chance_loss = std::log(double{kClasses});
    options_.checkpoints = {folder_.path(), 1, "spec"};
    options_.checkpoint_interval = std::chrono::milliseconds(0);
    options_.clock = &clock_;
    learner_.optimizer.momentum = 0.9;
    learner_.pixels.preprocessing.width = learner_.pixels.preprocessing.height = kSide;
    learner_.instruction_set = "baseline";
  }

  absl::StatusOr<TrainOutcome> TrainWith(Recorder* recorder, bool validate = true) {
    auto learner = MakeLinearLearner(graph_, nn::InitializeWeights(graph_, 1), pictures_.training,
                                     validate ? pictures_.validation : Examples{}, learner_);
    if (!learner.ok()) return learner.status();
    return Train(options_, learner->get(), recorder);
  }
  void ForgetCheckpoints() { train::ForgetCheckpoints(folder_.path()); }

  const graph::Graph graph_;
  Pictures pictures_;
  const testing::TemporaryDirectory folder_;
  testing::FakeClock clock_;
  TrainerOptions options_;
  LinearLearnerOptions learner_;
};

TEST_F(TrainerTest, LearnsAndReports) {
  options_.epochs = 20;
  Recorder recorder;
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome outcome, TrainWith(&recorder));
  EXPECT_FALSE(outcome.cancelled);
  ASSERT_EQ(outcome.history.size(), 20);
  EXPECT_EQ(recorder.epochs.size(), 20);
  EXPECT_LT(outcome.history.back().loss, 0.5 * outcome.history.front().loss);
  EXPECT_EQ(outcome.history.back().epoch, 20);
  EXPECT_EQ(outcome.history.back().lr, 0.05);
  EXPECT_THAT(recorder.warnings, IsEmpty());
  EXPECT_TRUE(std::is_sorted(recorder.marks.begin(), recorder.marks.end()));
  EXPECT_EQ(recorder.marks.back(), 20 * 6);
}

// A run that ends at any point goes on from there to the very same bits.
TEST_F(TrainerTest, ResumesExactlyFromEveryPoint) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdam}) {
    learner_.optimizer.kind = kind;
    Recorder undisturbed;
    SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome whole, TrainWith(&undisturbed));
    for (int stop = 0; stop < undisturbed.asked; ++stop) {
      ForgetCheckpoints();
      Recorder first, second;
      first.cancel_after = stop;
      options_.checkpoints.attempt = 1;
      SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome part, TrainWith(&first));
      EXPECT_TRUE(part.cancelled);
      EXPECT_EQ(first.asked, stop + 1);
      options_.checkpoints.attempt = 2;
      SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome rest, TrainWith(&second));
      EXPECT_EQ(DigestOf(rest.weights), DigestOf(whole.weights)) << "stopped before batch " << stop;
      EXPECT_EQ(DigestOf(rest.best_weights), DigestOf(whole.best_weights));
      EXPECT_EQ(rest.best_epoch, whole.best_epoch);
      ASSERT_EQ(rest.history.size(), whole.history.size());
      for (size_t i = 0; i < rest.history.size(); ++i) {
        EXPECT_EQ(rest.history[i].loss, whole.history[i].loss);
        EXPECT_EQ(rest.history[i].accuracy, whole.history[i].accuracy);
        EXPECT_EQ(rest.history[i].val_loss, whole.history[i].val_loss);
      }
      EXPECT_THAT(second.epochs, ElementsAre(1, 2, 3));
      EXPECT_EQ(second.resumed.empty(), false);
    }
    ForgetCheckpoints();
  }
}

// What is drawn for a batch follows from epoch and index: they must be the same wherever a training was interrupted.
TEST_F(TrainerTest, BatchesKnowTheirEpochAndPlaceAlsoAfterAResume) {
  std::vector<std::pair<uint32_t, uint32_t>> places;
  const FetchRows fetch = [&](const Batch& batch, std::span<float> rows) {
    places.emplace_back(batch.epoch, batch.index);
    std::fill(rows.begin(), rows.end(), static_cast<float>(batch.epoch + 1) / static_cast<float>(batch.index + 1));
    return absl::OkStatus();
  };
  pictures_.training.rows = fetch;
  options_.epochs = 2;
  Recorder undisturbed, first, second;
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome whole, TrainWith(&undisturbed));
  const std::vector<std::pair<uint32_t, uint32_t>> all = {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}};
  EXPECT_EQ(places, all);
  ForgetCheckpoints();
  places.clear();
  first.cancel_after = 8;
  SB_ASSERT_OK(TrainWith(&first));
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome rest, TrainWith(&second));
  EXPECT_EQ(places, all);
  EXPECT_EQ(DigestOf(rest.weights), DigestOf(whole.weights));
}

TEST_F(TrainerTest, ResumeOfAFinishedTrainingOnlyRepeatsItsEvents) {
  Recorder first, second;
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome done, TrainWith(&first));
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome again, TrainWith(&second));
  EXPECT_EQ(second.asked, 0);
  EXPECT_THAT(second.epochs, ElementsAre(1, 2, 3));
  EXPECT_EQ(DigestOf(again.weights), DigestOf(done.weights));
}

TEST_F(TrainerTest, CheckpointsWithinAnEpochFollowTheInterval) {
  options_.checkpoint_interval = std::chrono::hours(1);
  Recorder recorder;
  SB_ASSERT_OK(TrainWith(&recorder));
  // Only those of the three epochs' ends; one that was overtaken by the next need not appear.
  for (const int64_t mark : recorder.marks) EXPECT_EQ(mark % 6, 0);
  EXPECT_EQ(recorder.marks.back(), 18);
}

TEST_F(TrainerTest, BestIsByValidationAccuracyElseByLoss) {
  options_.epochs = 6;
  Recorder recorder;
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome with, TrainWith(&recorder));
  for (const EpochRecord& record : with.history) {
    const EpochRecord& best = with.history[static_cast<size_t>(with.best_epoch - 1)];
    EXPECT_LE(*record.val_accuracy, *best.val_accuracy);
    if (record.epoch < with.best_epoch) {
      EXPECT_LT(*record.val_accuracy, *best.val_accuracy);
    }
  }
  ForgetCheckpoints();
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome without, TrainWith(&recorder, /*validate=*/false));
  EXPECT_FALSE(without.history[0].val_loss);
  for (const EpochRecord& record : without.history) {
    EXPECT_GE(record.loss, without.history[static_cast<size_t>(without.best_epoch - 1)].loss);
  }
}

TEST_F(TrainerTest, OrderChangesWithEpochAndSeedOnly) {
  Recorder recorder;
  const auto digest = [&] {
    ForgetCheckpoints();
    return DigestOf(TrainWith(&recorder)->weights);
  };
  const std::string shuffled = digest();
  EXPECT_EQ(shuffled, digest());
  options_.seed = 10;
  EXPECT_NE(shuffled, digest());
  options_.shuffle = false;
  const std::string in_order = digest();
  options_.seed = 9;
  EXPECT_EQ(in_order, digest());
}

TEST_F(TrainerTest, LossThatIsNotFiniteNamesEpochAndBatch) {
  learner_.optimizer.lr = 1e38;
  learner_.pixels.preprocessing.rescale = 1;
  Recorder recorder;
  EXPECT_THAT(TrainWith(&recorder), StatusIs(absl::StatusCode::kOutOfRange, AllOf(HasSubstr("in epoch 1, batch "), HasSubstr("--lr"))));
}

TEST_F(TrainerTest, WeightsThatOverflowInTheLastBatchDoNotPass) {
  options_.epochs = 1;
  options_.batch_size = 22;
  learner_.optimizer.lr = 1e38;
  learner_.pixels.preprocessing.rescale = 100;
  Recorder recorder;
  EXPECT_THAT(TrainWith(&recorder, /*validate=*/false),
              StatusIs(absl::StatusCode::kOutOfRange, AllOf(HasSubstr("infinite"), HasSubstr("epoch 1, batch 1"))));
}

TEST_F(TrainerTest, LossFarAboveChanceWarnsOnceAndAgainAfterResume) {
  learner_.optimizer.lr = 30;
  Recorder recorder, resumed;
  SB_ASSERT_OK(TrainWith(&recorder));
  EXPECT_THAT(recorder.warnings, ElementsAre(AllOf(HasSubstr("unstable_loss"), HasSubstr("mean_image"))));
  SB_ASSERT_OK(TrainWith(&resumed));
  EXPECT_EQ(resumed.warnings, recorder.warnings);
}

TEST_F(TrainerTest, UselessCheckpointsAreWarningsAndTrainingStartsAnew) {
  Recorder first, second;
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome whole, TrainWith(&first));
  options_.checkpoints.spec_digest = "other";
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome anew, TrainWith(&second));
  EXPECT_THAT(second.warnings, AllOf(::testing::Not(IsEmpty()), ::testing::Each(HasSubstr("checkpoint_skipped"))));
  EXPECT_EQ(DigestOf(anew.weights), DigestOf(whole.weights));
}

}  // namespace
}  // namespace seedbed::train
