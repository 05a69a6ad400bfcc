// What is known of unfinished jobs beyond the store: moments of the monotonic clock, live progress, counts. A mirror of what is committed,
// never the ground of a decision that must survive: that is the store.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "seedbed/v1/event.pb.h"
#include "seedbed/v1/worker.pb.h"
#include "server/jobs/job_manager.h"
#include "server/jobs/transaction.h"

namespace seedbed::jobs {

// Thread-safe.
class LiveJobs {
 public:
  // Takes over what the store has; `counts` include ended jobs.
  void Load(const std::vector<store::JobRow>& unfinished, const std::vector<std::pair<v1::JobState, int64_t>>& counts, MonotonicTime now)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // A change that was committed, in the order of commits.
  void Apply(const Change& change, MonotonicTime now) ABSL_LOCKS_EXCLUDED(mutex_);

  JobManager::AttemptState StateOf(const v1::Attempt& attempt) const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<std::pair<v1::JobState, int64_t>> CountByState() const ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t Unfinished() const ABSL_LOCKS_EXCLUDED(mutex_);

  // A picture larger than this is dropped.
  static constexpr size_t kMaxPreviewBytes = size_t{512} << 10;
  // False when the attempt is not the current one. The picture is kept apart, until a newer one comes: once for all who look at it.
  bool SetProgress(const v1::Attempt& attempt, v1::Event progress) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<v1::Event> Progress(const std::string& job_id) const ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<const std::string> Preview(const std::string& job_id) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Back-off: the job is not claimed before `time`.
  void HoldBack(const std::string& job_id, MonotonicTime time) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsHeldBack(const std::string& job_id, MonotonicTime now) const ABSL_LOCKS_EXCLUDED(mutex_);
  // How long the current attempt has been RUNNING; 0 when it is not.
  std::chrono::microseconds RunningTime(const std::string& job_id, MonotonicTime now) const ABSL_LOCKS_EXCLUDED(mutex_);

  struct Due {
    bool runnable = false;               // a back-off has passed since the last call
    std::vector<v1::Attempt> timed_out;  // RUNNING for longer than their timeout, and not yet asked to stop
    MonotonicTime next;                  // when to ask again at the latest
  };
  Due TakeDue(MonotonicTime now) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Entry {
    v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
    int64_t epoch = 0;
    bool cancel_requested = false;
    std::optional<std::chrono::microseconds> timeout;
    std::chrono::microseconds ran{0};  // in past attempts
    std::optional<MonotonicTime> running_since;
    std::optional<MonotonicTime> held_back_until;
    std::optional<v1::Event> progress;
    std::shared_ptr<const std::string> preview;
  };

  void StoreLocked(const store::JobRow& job, MonotonicTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const Entry* FindLocked(const v1::Attempt& attempt) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Entry> jobs_ ABSL_GUARDED_BY(mutex_);
  std::map<v1::JobState, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::jobs
