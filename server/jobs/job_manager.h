// The life of every job: submission, order, leases, events, results. All decisions about jobs are made here, each in one transaction of the
// store, so that what was said to anyone survives a crash at any moment. Knows nothing of gRPC, processes or timers: callers bring
// requests, signs of life and the passing of time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "seedbed/v1/event.pb.h"
#include "seedbed/v1/job.pb.h"
#include "seedbed/v1/worker.pb.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"

namespace seedbed::jobs {

// What the manager did, for metrics and the operator's log. Called outside any lock, on any thread; must not block.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  // `from` is UNSPECIFIED for a new job.
  virtual void OnTransition(const v1::Job& job, v1::JobState from, const v1::StateChange& change) = 0;
  virtual void OnEvent(std::string_view job_id, std::string_view worker_slot, const v1::Event& event) = 0;
};

struct JobManagerOptions {
  int max_attempts = 3;                           // lost attempts without progress before a job fails
  int max_crashes = 2;                            // crashes (signal, out of memory) without progress before it fails
  std::chrono::milliseconds retry_backoff{1000};  // first back-off after a lost attempt; doubles with full jitter
  std::chrono::milliseconds max_backoff{300'000};
  int64_t min_free_bytes = int64_t{512} << 20;
  int max_queued_jobs = 100'000;
  std::vector<std::string> allowed_roots;  // empty: any absolute path
  uint64_t jitter_seed = 0;
  // Runs work on files, which may block, in the order given. Null: on threads of the manager's own.
  std::function<void(std::function<void()>)> executor;
};

// How an attempt was lost.
struct Loss {
  v1::Reason reason =
      v1::REASON_WORKER_LOST;  // WORKER_LOST, WORKER_CRASHED, OUT_OF_MEMORY or DRAINED (which never counts as an attempt without progress)
  std::string message;         // "worker jobs-cpu was killed by signal 9 (SIGKILL)"
};

// What recovery found at start.
struct RecoveryReport {
  int ended = 0;     // jobs that had ended before
  int queued = 0;    // waiting or pending
  int requeued = 0;  // set back to PENDING because nobody can still be working on them
  int failed = 0;    // could not go on; each with its reason in the log
  struct Held {      // ASSIGNED or RUNNING: a worker of the old server may still be alive and attach again
    v1::Attempt attempt;
    std::string slot;
  };
  std::vector<Held> held;
};

// Keeps a callback registered until it is destroyed; destruction waits for a running call.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

// Thread-safe. Methods with a `done` callback return at once; it runs on a thread of the store's or the manager's after the commit (or on
// the caller's when refused before), and must not block. Methods that return a value read the store and may block for a disk access: call
// them from a pool thread, not from a gRPC reaction.
class JobManager {
 public:
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  // None of the pointers is owned; all outlive the manager. `observer` may be null.
  static absl::StatusOr<std::unique_ptr<JobManager>> Create(store::Store* store, const store::DataLayout* layout, const Clock* clock,
                                                            JobObserver* observer, JobManagerOptions options);
  ~JobManager();

  // Reads what an earlier server left. Call once, before anything else.
  absl::StatusOr<RecoveryReport> Recover();

  // --- For the API. Errors as job.proto documents them; field errors carry a kFieldPayload naming the field.
  void Submit(const v1::SubmitJobRequest& request, Done<v1::SubmitJobResponse> done);
  void Cancel(const std::string& job_id, Done<v1::Job> done);
  absl::StatusOr<v1::Job> Get(const std::string& job_id) const;
  absl::StatusOr<v1::ListJobsResponse> List(const v1::ListJobsRequest& request) const;
  // Events with seq > after_seq, at most `limit`, in order. NOT_FOUND for an unknown job; OUT_OF_RANGE for a number the job has not
  // reached.
  absl::StatusOr<std::vector<v1::Event>> ReadEvents(const std::string& job_id, int64_t after_seq, int limit) const;
  // Newest live progress, with the moment it was reported, without its picture; nullopt before the first and after the end.
  std::optional<v1::Event> LatestProgress(const std::string& job_id) const;
  // The newest picture of a job that draws; null before the first and after the end.
  std::shared_ptr<const std::string> LatestPreview(const std::string& job_id) const;
  // `wake` runs whenever the job may have new events or progress; spurious calls happen. It must not block nor call back into the manager.
  std::unique_ptr<Subscription> Subscribe(const std::string& job_id, std::function<void()> wake);
  // Unfinished jobs that read or make the dataset, model or feature set; its deletion must wait for them.
  absl::StatusOr<std::vector<std::string>> UsersOfDataset(std::string_view name) const;
  absl::StatusOr<std::vector<std::string>> UsersOfModel(std::string_view name) const;
  absl::StatusOr<std::vector<std::string>> UsersOfFeatures(std::string_view name) const;

  // --- For the workers' side.
  // Leases the next runnable job to `slot` and gives it a new epoch; nullopt when none is runnable. The state becomes ASSIGNED. `profile`
  // is the worker's: a job that already has a profile is only given to a worker that can match it.
  void Claim(const std::string& slot, const v1::ExecutionProfile& profile, Done<std::optional<v1::Assignment>> done);
  // ABORTED (here and below) when the attempt is not the current one any more: the worker must abandon it.
  void Started(const v1::Attempt& attempt, Done<bool> done);
  // Appends the event unless the job already has its key; the answer is whether it was new. INVALID_ARGUMENT for an empty key, a state
  // change or progress.
  void AppendEvent(const v1::Attempt& attempt, const v1::TaskEvent& event, Done<bool> done);
  void Checkpointed(const v1::Attempt& attempt, int64_t mark, Done<bool> done);
  // Live only, no storage.
  void ReportProgress(const v1::Attempt& attempt, const v1::Progress& progress);
  // Publishes what the attempt staged and ends the job (or sets it back, for DRAINED). OK again for an attempt that this worker already
  // finished (its acknowledgement was lost).
  void Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done);
  // The attempt is gone. The job goes back to PENDING with back-off, or fails.
  void Lost(const v1::Attempt& attempt, const Loss& loss, Done<bool> done);
  // Whether the attempt is the current one of an unfinished job, and whether its cancellation was asked for.
  struct AttemptState {
    bool current = false;
    bool cancel_requested = false;
  };
  AttemptState StateOf(const v1::Attempt& attempt) const;

  // Runs when a job may have become runnable, or a running one's cancellation was asked for (then with its attempt).
  void SetWakeups(std::function<void()> runnable, std::function<void(const v1::Attempt&)> cancel_requested);
  // Time-driven work: back-offs and timeouts that have passed. Returns when it wants to be called again at the latest.
  MonotonicTime Tick();
  // While draining nothing is claimed and submissions are refused (UNAVAILABLE).
  void SetDraining(bool draining);
  bool draining() const;
  // Current number of jobs in each state, kept in memory.
  std::vector<std::pair<v1::JobState, int64_t>> CountByState() const;

 private:
  class Impl;
  explicit JobManager(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Payload of a status: the request field at fault, such as "spec.train.epochs".
inline constexpr char kFieldPayload[] = "seedbed/field";

}  // namespace seedbed::jobs
