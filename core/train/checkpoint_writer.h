// Writes checkpoints in the background, so that training does not wait for the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/train/checkpoint.h"

namespace seedbed::train {

// Thread-safe. One checkpoint is being written and one may wait; a newer one takes the place of the one that waits. The destructor writes
// what waits, then joins.
class CheckpointWriter {
 public:
  // Called on the writer's thread after each write, once it is durable or has failed.
  using OnWritten = std::function<void(int64_t mark, const absl::Status& status)>;

  CheckpointWriter(CheckpointPlace place, OnWritten on_written);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  void Submit(std::unique_ptr<const Checkpoint> checkpoint) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until everything submitted so far is written.
  void Flush() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Serve() ABSL_LOCKS_EXCLUDED(mutex_);

  // Constant after construction.
  const CheckpointPlace place_;
  const OnWritten on_written_;

  Mutex mutex_;
  CondVar changed_;
  std::unique_ptr<const Checkpoint> waiting_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // constant after construction
};

}  // namespace seedbed::train
