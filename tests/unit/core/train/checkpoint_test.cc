#include "core/train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "core/base/file.h"
#include "core/train/checkpoint_writer.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<const nn::TensorMap> Weights(float value) {
  auto tensors = std::make_shared<nn::TensorMap>();
  tensors->emplace("dense.weight", nn::Tensor::FromFloats({2}, std::vector<float>{value, -value}));
  return tensors;
}

Checkpoint Sample(int64_t mark) {
  Checkpoint checkpoint;
  checkpoint.mark = mark;
  checkpoint.epochs_done = 2;
  checkpoint.step = 31;
  checkpoint.batches_done = 5;
  checkpoint.loss_sum = 0.1 + 0.2;  // has no short decimal form
  checkpoint.correct = 17;
  checkpoint.seconds = 1.5;
  checkpoint.history = {
      {.epoch = 1, .loss = 1.0 / 3, .accuracy = 0.25, .val_loss = 2, .val_accuracy = 0.5, .lr = 0.01, .seconds = 1, .images_per_second = 9},
      {.epoch = 2, .loss = 1e-300, .accuracy = 1, .val_loss = {}, .val_accuracy = {}, .lr = 0.01, .seconds = 2, .images_per_second = 8}};
  checkpoint.best_epoch = 1;
  checkpoint.weights = Weights(static_cast<float>(mark));
  checkpoint.optimizer["dense.weight/m"] = nn::Tensor::FromFloats({1}, std::vector<float>{0.125f});
  checkpoint.best_weights = Weights(-3);
  return checkpoint;
}

class Checkpoints : public ::testing::Test {
 protected:
  CheckpointPlace Place(int64_t attempt = 1) const { return {folder_.path(), attempt, "spec"}; }
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_.path())) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }
  int64_t LoadedMark() const {
    const auto loaded = LoadNewestCheckpoint(Place());
    return loaded.ok() && loaded->checkpoint ? loaded->checkpoint->mark : -1;
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(Checkpoints, RoundTripEveryBit) {
  const Checkpoint written = Sample(7);
  SB_ASSERT_OK(WriteCheckpoint(Place(), written));
  SB_ASSERT_OK_AND_ASSIGN(const LoadedCheckpoint loaded, LoadNewestCheckpoint(Place()));
  ASSERT_TRUE(loaded.checkpoint);
  EXPECT_THAT(loaded.skipped, IsEmpty());
  const Checkpoint& read = *loaded.checkpoint;
  EXPECT_EQ(read.mark, 7);
  EXPECT_EQ(read.epochs_done, 2);
  EXPECT_EQ(read.step, 31);
  EXPECT_EQ(read.batches_done, 5);
  EXPECT_EQ(read.loss_sum, written.loss_sum);
  EXPECT_EQ(read.correct, 17);
  EXPECT_EQ(read.seconds, 1.5);
  ASSERT_EQ(read.history.size(), 2);
  EXPECT_EQ(read.history[0].loss, 1.0 / 3);
  EXPECT_EQ(read.history[0].val_accuracy, 0.5);
  EXPECT_EQ(read.history[1].loss, 1e-300);
  EXPECT_FALSE(read.history[1].val_loss);
  EXPECT_EQ(read.best_epoch, 1);
  EXPECT_THAT(nn::FloatsOf(read.weights->at("dense.weight").view()), ElementsAre(7, -7));
  EXPECT_THAT(nn::FloatsOf(read.best_weights->at("dense.weight").view()), ElementsAre(-3, 3));
  EXPECT_THAT(nn::FloatsOf(read.optimizer.at("dense.weight/m").view()), ElementsAre(0.125f));
}

TEST_F(Checkpoints, CurrentWeightsThatAreTheBestAreStoredOnce) {
  Checkpoint checkpoint = Sample(7);
  SB_ASSERT_OK(WriteCheckpoint(Place(1), checkpoint));
  checkpoint.best_weights = checkpoint.weights;
  SB_ASSERT_OK(WriteCheckpoint(Place(2), checkpoint));
  SB_ASSERT_OK_AND_ASSIGN(const LoadedCheckpoint loaded, LoadNewestCheckpoint(Place()));
  ASSERT_TRUE(loaded.checkpoint);
  EXPECT_EQ(loaded.checkpoint->best_weights, loaded.checkpoint->weights);
  EXPECT_LT(fs::file_size(Files()[1]), fs::file_size(Files()[0]));
}

TEST_F(Checkpoints, NoneAtFirst) { EXPECT_EQ(LoadedMark(), -1); }

TEST_F(Checkpoints, MostWorkWinsWhoeverWroteIt) {
  SB_ASSERT_OK(WriteCheckpoint(Place(1), Sample(9)));
  SB_ASSERT_OK(WriteCheckpoint(Place(2), Sample(4)));
  EXPECT_EQ(LoadedMark(), 9);
  SB_ASSERT_OK(WriteCheckpoint(Place(2), Sample(10)));
  EXPECT_EQ(LoadedMark(), 10);
}

TEST_F(Checkpoints, KeepsTwo) {
  for (int64_t mark = 1; mark <= 5; ++mark) SB_ASSERT_OK(WriteCheckpoint(Place(), Sample(mark)));
  EXPECT_THAT(Files(), SizeIs(2));
  fs::remove(Files()[1]);
  EXPECT_EQ(LoadedMark(), 4);
}

TEST_F(Checkpoints, DamageAnywhereFallsBackToTheOneBefore) {
  SB_ASSERT_OK(WriteCheckpoint(Place(), Sample(1)));
  SB_ASSERT_OK(WriteCheckpoint(Place(), Sample(2)));
  const std::string good = *ReadFile(Files()[1]);
  const fs::path newest = Files()[1];
  for (size_t position = 0; position < good.size(); position += 13) {
    std::string bad = good;
    bad[position] ^= 0x10;
    std::ofstream(newest, std::ios::binary) << bad;
    SB_ASSERT_OK_AND_ASSIGN(const LoadedCheckpoint loaded, LoadNewestCheckpoint(Place()));
    ASSERT_TRUE(loaded.checkpoint);
    ASSERT_EQ(loaded.checkpoint->mark, 1) << "at byte " << position;
    ASSERT_THAT(loaded.skipped, ElementsAre(HasSubstr(newest.filename().string())));
    ASSERT_FALSE(fs::exists(newest));
  }
}

TEST_F(Checkpoints, OfOtherSettingsAreNotUsed) {
  SB_ASSERT_OK(WriteCheckpoint(Place(), Sample(3)));
  CheckpointPlace other = Place();
  other.spec_digest = "other";
  SB_ASSERT_OK_AND_ASSIGN(const LoadedCheckpoint loaded, LoadNewestCheckpoint(other));
  EXPECT_FALSE(loaded.checkpoint);
  EXPECT_THAT(loaded.skipped, ElementsAre(HasSubstr("other data or settings")));
}

TEST_F(Checkpoints, WriterKeepsTheNewestAndReports) {
  std::atomic<int64_t> last{0};
  {
    CheckpointWriter writer(Place(), [&](int64_t mark, const absl::Status& status) {
      EXPECT_THAT(status, testing::IsOk());
      EXPECT_GT(mark, last.load());
      last = mark;
    });
    for (int64_t mark = 1; mark <= 50; ++mark) writer.Submit(std::make_unique<Checkpoint>(Sample(mark)));
    writer.Flush();
    EXPECT_EQ(last.load(), 50);
    writer.Submit(std::make_unique<Checkpoint>(Sample(51)));
  }
  EXPECT_EQ(last.load(), 51);
  EXPECT_EQ(LoadedMark(), 51);
}

TEST_F(Checkpoints, WriterReportsFailure) {
  CheckpointPlace nowhere = Place();
  nowhere.folder /= "missing";
  absl::Status result;
  {
    CheckpointWriter writer(nowhere, [&](int64_t, const absl::Status& status) { result = status; });
    writer.Submit(std::make_unique<Checkpoint>(Sample(1)));
  }
  EXPECT_THAT(result, testing::StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace seedbed::train
