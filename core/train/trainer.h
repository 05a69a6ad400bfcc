// The training loop: epochs of shuffled batches, validation, metrics, checkpoints, exact resume.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/train/checkpoint.h"
#include "core/train/learner.h"

namespace seedbed::train {

struct TrainerOptions {
  int epochs = 10;
  int batch_size = 32;
  uint64_t seed = 0;
  bool shuffle = true;     // a new order in each epoch, from seed and epoch alone
  double lr = 0;           // for the records
  double chance_loss = 0;  // mean loss of guessing, ln(classes); a loss far above it raises a warning
  CheckpointPlace checkpoints;
  std::chrono::milliseconds checkpoint_interval{30'000};  // within an epoch; each epoch ends with one
  const Clock* clock = nullptr;
};

// Hears what happens. Calls must return at once. They come on the training thread, but for OnCheckpoint and warnings about checkpoints,
// which come on the writer's.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  // Asked before each batch; true ends the training.
  virtual bool Cancelled() = 0;
  // A few times a second. `done` counts training images of the epoch.
  virtual void OnProgress(int epoch, int64_t done, int64_t total, double images_per_second) = 0;
  // Each epoch once and in order. After a resume, those from before it come again, so that none is missed.
  virtual void OnEpoch(const EpochRecord& record) = 0;
  virtual void OnWarning(std::string_view code, const std::string& message) = 0;
  // Training goes on in epoch `epoch` (from 1) after `batches_done` of its batches.
  virtual void OnResume(int epoch, int64_t batches_done) = 0;
  // A checkpoint is durable.
  virtual void OnCheckpoint(int64_t mark) = 0;
};

struct TrainOutcome {
  bool cancelled = false;
  std::vector<EpochRecord> history;
  int best_epoch = 0;  // 0: no epoch was finished
  std::shared_ptr<const nn::TensorMap> weights;
  std::shared_ptr<const nn::TensorMap> best_weights;  // null without a finished epoch
};

// Trains `learner` up to the last epoch, from the newest checkpoint if there is one: the outcome has the same bits as if the training had
// never been interrupted. A cancelled training leaves a checkpoint behind. The best epoch is that with the highest validation accuracy,
// without validation that with the lowest loss, the earliest among equals.
//
// OUT_OF_RANGE naming epoch and batch when loss or weights are no longer finite; else errors of the learner. A checkpoint that cannot be
// written or read is a warning.
absl::StatusOr<TrainOutcome> Train(const TrainerOptions& options, Learner* learner, TrainObserver* observer);

}  // namespace seedbed::train
