// Following a job to its end, across lost connections.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/lib/backoff.h"
#include "client/lib/options.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "seedbed/v1/event.pb.h"
#include "seedbed/v1/job.grpc.pb.h"

namespace seedbed::client {

// SUCCEEDED, FAILED or CANCELLED: the last event of every job has such a state.
bool IsTerminal(v1::JobState state);
bool IsTerminal(const v1::Event& event);

struct WatchOptions {
  // Only events after this number; 0: from the first.
  int64_t after_seq = 0;
  bool without_progress = false;
  // With the pictures of jobs that draw (Progress.preview).
  bool with_previews = false;
  // Pauses between attempts to connect again; max_attempts does not count here.
  RetryPolicy retry = {};
  // Called in Next() when the connection was lost, once for each time it had delivered something (or never been made): why, and after which
  // event the watch will go on.
  std::function<void(const absl::Status& why, int64_t last_seq)> on_connection_lost = {};
};

// An iterator over a job's events. After any failure it connects again, with growing pauses, and goes on after the last event it has
// delivered: each event comes once and in order, until the terminal one. Only what no repetition can cure ends it: a refused first
// contact (UNAVAILABLE), NOT_FOUND, INVALID_ARGUMENT, OUT_OF_RANGE, UNIMPLEMENTED, a missing permission, DATA_LOSS (a hole in the log).
// Next() is for one thread at a time; Cancel() may be called from any.
class JobWatch {
 public:
  // `stub` must outlive the watch; `address` is for messages.
  JobWatch(v1::JobService::Stub* stub, std::string address, std::string job_id, WatchOptions options);
  ~JobWatch();

  // Blocks until the next event; nullopt after the terminal event was delivered. CANCELLED after Cancel(), DEADLINE_EXCEEDED once
  // `deadline` has passed; after the latter it may be called again.
  absl::StatusOr<std::optional<v1::Event>> Next(MonotonicTime deadline = MonotonicTime::max()) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends a running Next() and all later ones. Asks nothing of the job.
  void Cancel() ABSL_LOCKS_EXCLUDED(mutex_);

  // Number of the last event delivered.
  int64_t last_seq() const { return last_seq_; }

 private:
  class EventStream;

  // The running stream, or a new one that goes on after last_seq_. CANCELLED after Cancel().
  absl::StatusOr<std::shared_ptr<EventStream>> Connect() ABSL_LOCKS_EXCLUDED(mutex_);
  // A stream ended: OK when the watch may connect again, after a pause, else the error that ends it.
  absl::Status HandleEnd(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status PauseUntilResume(MonotonicTime deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  // The next event of the batch that is not old; nullopt when the batch is used up.
  absl::StatusOr<std::optional<v1::Event>> TakeFromBatch();

  v1::JobService::Stub* const stub_;
  const std::string address_;
  const std::string job_id_;
  const WatchOptions options_;

  // Used by Next()'s thread only.
  Backoff backoff_;
  v1::WatchJobResponse batch_;
  int next_in_batch_ = 0;
  int64_t last_seq_;
  bool ended_ = false;
  bool was_connected_ = false;
  bool loss_reported_ = false;              // since the last message
  std::optional<MonotonicTime> resume_at_;  // set while pausing

  Mutex mutex_;
  CondVar cancelled_changed_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<EventStream> stream_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::client
