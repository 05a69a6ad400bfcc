// The state of a training on disk, so that nothing but the work since then is lost when the process dies.
//
// A checkpoint is one safetensors file: tensors "weights/<name>", "optimizer/<name>" and "best/<name>" (left out where the best weights are
// the current ones), and in its metadata the state as JSON, the digest of what is being trained, and a digest over all of it. Its name
// says how much work is in it and which attempt wrote it, so an attempt that should have ended cannot overwrite the work of a later one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/nn/tensor.h"
#include "nlohmann/json.hpp"

namespace seedbed::train {

// What one epoch came to. Losses are means over examples, accuracies ratios.
struct EpochRecord {
  int epoch = 0;  // from 1
  double loss = 0;
  double accuracy = 0;
  std::optional<double> val_loss;
  std::optional<double> val_accuracy;
  double lr = 0;
  double seconds = 0;            // with validation
  double images_per_second = 0;  // without
};
nlohmann::json ToJson(const EpochRecord& record);

struct Checkpoint {
  // Grows with the work done, and only then.
  int64_t mark = 0;
  int epochs_done = 0;
  int64_t step = 0;  // optimizer steps made in all
  // Of the epoch that is under way.
  int64_t batches_done = 0;
  double loss_sum = 0;
  int64_t correct = 0;
  double seconds = 0;

  std::vector<EpochRecord> history;
  int best_epoch = 0;  // 0: none yet
  std::shared_ptr<const nn::TensorMap> weights;
  nn::TensorMap optimizer;
  std::shared_ptr<const nn::TensorMap> best_weights;  // null: none yet; may be `weights`
};

struct CheckpointPlace {
  std::filesystem::path folder;
  int64_t attempt = 0;
  // Digest of data and settings: a checkpoint with another one is not used.
  std::string spec_digest;
};

// Publishes the checkpoint and removes all but the two with the most work.
absl::Status WriteCheckpoint(const CheckpointPlace& place, const Checkpoint& checkpoint);

struct LoadedCheckpoint {
  std::optional<Checkpoint> checkpoint;  // nullopt: start from the beginning
  std::vector<std::string> skipped;      // files that were of no use, with the reason; they are removed
};
// The usable checkpoint with the most work, whichever attempt wrote it.
absl::StatusOr<LoadedCheckpoint> LoadNewestCheckpoint(const CheckpointPlace& place);

}  // namespace seedbed::train
