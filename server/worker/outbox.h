// What one attempt has to say and the server has not yet stored.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "seedbed/v1/worker.pb.h"

namespace seedbed::worker {

// Thread-safe. Events and the result are numbered 1, 2, 3, ... and kept until acknowledged; after a reconnection they are sent again, in
// order. Progress is not kept: only the latest counts, with the latest picture of it, and at most ten a second are sent.
class Outbox {
 public:
  static constexpr std::chrono::milliseconds kProgressInterval{100};

  // `limit`: events unacknowledged before AddEvent waits. `wake` is called, on the task's thread, when there is something to take.
  Outbox(v1::Attempt attempt, size_t limit, std::function<void()> wake);

  // --- For the task.
  // Waits while `limit` events are unacknowledged. After Close everything is dropped.
  void AddEvent(v1::TaskEvent event) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetProgress(v1::Progress progress) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetCheckpoint(int64_t mark) ABSL_LOCKS_EXCLUDED(mutex_);
  // The last word.
  void Finish(v1::TaskFinished finished) ABSL_LOCKS_EXCLUDED(mutex_);

  // --- For the stream.
  // What is to be sent now, in order: the start, then events and the newest checkpoint's mark, then the result.
  std::vector<v1::WorkerMessage> TakeUnsent(MonotonicTime now) ABSL_LOCKS_EXCLUDED(mutex_);
  // When TakeUnsent has to be called for progress that was held back; max() when there is none.
  MonotonicTime ProgressDue() const ABSL_LOCKS_EXCLUDED(mutex_);
  // A new stream: what was not acknowledged counts as unsent.
  void Resend() ABSL_LOCKS_EXCLUDED(mutex_);
  void Acknowledge(int64_t number) ABSL_LOCKS_EXCLUDED(mutex_);
  // The attempt is not ours any more: forgets everything, and takes nothing from now on.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether nothing will ever be left to say: the result was acknowledged, or it was closed.
  bool done() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void AppendLocked(v1::WorkerMessage message, int64_t number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::WorkerMessage NewMessage() const;

  const v1::Attempt attempt_;
  const size_t limit_;
  const std::function<void()> wake_;

  mutable Mutex mutex_;
  CondVar changed_;
  struct Numbered {
    int64_t number;
    v1::WorkerMessage message;
  };
  std::deque<Numbered> unacknowledged_ ABSL_GUARDED_BY(mutex_);
  size_t sent_ ABSL_GUARDED_BY(mutex_) = 0;  // of unacknowledged_, from its front
  int64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  bool start_sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<int64_t> checkpoint_ ABSL_GUARDED_BY(mutex_);
  bool checkpoint_sent_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<v1::Progress> progress_ ABSL_GUARDED_BY(mutex_);
  MonotonicTime next_progress_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::worker
