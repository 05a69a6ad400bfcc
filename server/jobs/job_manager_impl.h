// The manager's inside. Its methods are in three files: job_manager_api.cc (people), job_manager_workers.cc (attempts) and
// job_manager_recovery.cc (start).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "server/jobs/job_manager.h"
#include "server/jobs/live_jobs.h"
#include "server/jobs/pending_work.h"
#include "server/jobs/retry_policy.h"
#include "server/jobs/transaction.h"
#include "server/jobs/wake_hub.h"

namespace seedbed::jobs {

// Who does what where: decisions are made on the store's writer thread, inside its transactions, on what the tables say; what they mean
// for memory, watchers and observers follows there after the commit. Files are touched on a thread of their own, one thing after the other:
// an attempt's publication and its loss therefore never overlap. Folders that requests name are looked at on yet another thread, because
// they may lie on anything.
class JobManager::Impl {
 public:
  Impl(store::Store* store, const store::DataLayout* layout, const Clock* clock, JobObserver* observer, JobManagerOptions options);
  // Waits for what is under way.
  ~Impl();

  absl::StatusOr<RecoveryReport> Recover();

  void Submit(const v1::SubmitJobRequest& request, Done<v1::SubmitJobResponse> done);
  void Cancel(const std::string& job_id, Done<v1::Job> done);
  absl::StatusOr<v1::Job> Get(const std::string& job_id) const;
  absl::StatusOr<v1::ListJobsResponse> List(const v1::ListJobsRequest& request) const;
  absl::StatusOr<std::vector<v1::Event>> ReadEvents(const std::string& job_id, int64_t after_seq, int limit) const;
  absl::StatusOr<std::vector<std::string>> UsersOf(const std::function<bool(const store::Reader&, const v1::JobSpec&)>& uses) const;

  void Claim(const std::string& slot, const v1::ExecutionProfile& profile, Done<std::optional<v1::Assignment>> done);
  void Started(const v1::Attempt& attempt, Done<bool> done);
  void AppendEvent(const v1::Attempt& attempt, const v1::TaskEvent& event, Done<bool> done);
  void Checkpointed(const v1::Attempt& attempt, int64_t mark, Done<bool> done);
  void ReportProgress(const v1::Attempt& attempt, const v1::Progress& progress);
  void Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done);
  void Lost(const v1::Attempt& attempt, const Loss& loss, Done<bool> done);

  void SetWakeups(std::function<void()> runnable, std::function<void(const v1::Attempt&)> cancel_requested)
      ABSL_LOCKS_EXCLUDED(wakeups_mutex_);
  MonotonicTime Tick();
  void SetDraining(bool draining);
  bool draining() const { return draining_; }

  LiveJobs& live() { return live_; }
  WakeHub& hub() { return hub_; }

 private:
  template <typename T>
  using Body = std::function<absl::Status(Transaction&, T&)>;
  using OptionalRow = std::optional<store::JobRow>;
  struct Submission;

  // Runs `body` in a transaction of the store; once it is durable, its changes are announced, then `done` gets the value it left.
  template <typename T>
  void Transact(Body<T> body, Done<T> done);
  // Tells memory, watchers, the observer and the wakeups what was committed.
  void Announce(const std::vector<Change>& changes);
  void Observe(const Change& change);
  // Schedules the removal of files that nobody needs after the change.
  void ClearFiles(const Change& change);
  void Wake(bool runnable, const std::vector<v1::Attempt>& to_cancel) ABSL_LOCKS_EXCLUDED(wakeups_mutex_);
  void RunFileWork(std::function<void()> work);
  void RunPathWork(std::function<void()> work);

  // job_manager_api.cc
  absl::Status RefusalNow() const;
  void Enqueue(std::shared_ptr<const Submission> submission, Done<v1::SubmitJobResponse> done);
  absl::Status AdmitAndStore(Transaction& transaction, const Submission& submission, v1::SubmitJobResponse& response);
  // True when the request was answered before; the answer is then in `response`.
  absl::StatusOr<bool> AnswerAgain(Transaction& transaction, const Submission& submission, v1::SubmitJobResponse& response);
  void MarkTimedOut(const v1::Attempt& attempt);

  // job_manager_workers.cc
  absl::StatusOr<OptionalRow> AssignNext(Transaction& transaction, const std::string& slot, const v1::ExecutionProfile& profile);
  absl::StatusOr<bool> TryAssign(Transaction& transaction, store::JobRow& job, const std::string& slot,
                                 const v1::ExecutionProfile& profile);
  void HandOver(const store::JobRow& job, Done<std::optional<v1::Assignment>> done);
  void NotHandedOver(const store::JobRow& job, const absl::Status& fault, Done<std::optional<v1::Assignment>> done);
  void FinishNow(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done);
  absl::Status PublishFiles(const store::JobRow& job, const v1::TaskFinished& finished);
  absl::Status RecordOutcome(Transaction& transaction, store::JobRow& job, const v1::TaskFinished& finished);
  // Ends an attempt that brought nothing: back to PENDING, or to the end when it was cancelled or has failed too often.
  absl::Status GiveBack(Transaction& transaction, store::JobRow& job, const Loss& loss);
  absl::Status EndCancelled(Transaction& transaction, store::JobRow& job);
  absl::Status EndDamaged(Transaction& transaction, store::JobRow& job);

  // job_manager_recovery.cc
  absl::Status RecoverJob(Transaction& transaction, int64_t number, RecoveryReport& report);
  bool MayStillRun(const store::JobRow& job) const;
  void SweepFiles(const std::vector<store::JobRow>& unfinished);

  store::Store& store_;
  const store::DataLayout& layout_;
  const Clock& clock_;
  JobObserver* const observer_;  // may be null
  const JobManagerOptions options_;
  const RetryPolicy retry_policy_;

  std::atomic<bool> draining_{false};
  LiveJobs live_;
  WakeHub hub_;

  Mutex wakeups_mutex_;
  std::function<void()> runnable_ ABSL_GUARDED_BY(wakeups_mutex_);
  std::function<void(const v1::Attempt&)> cancel_requested_ ABSL_GUARDED_BY(wakeups_mutex_);

  // Null when options_.executor does their work.
  std::unique_ptr<ThreadPool> file_thread_;
  std::unique_ptr<ThreadPool> path_thread_;
  PendingWork pending_;  // last: its destruction waits for work that uses all of the above
};

template <typename T>
void JobManager::Impl::Transact(Body<T> body, Done<T> done) {
  struct Outcome {
    T value{};
    std::vector<Change> changes;
  };
  auto outcome = std::make_shared<Outcome>();
  auto operation = [this, outcome, body = std::move(body)](store::Writer& tables) -> absl::Status {
    *outcome = Outcome{};  // it may run again
    Transaction transaction(&tables, clock_.WallMicros());
    SB_RETURN_IF_ERROR(body(transaction, outcome->value));
    outcome->changes = transaction.TakeChanges();
    return absl::OkStatus();
  };
  store_.Write(std::move(operation), [this, outcome, done = std::move(done), hold = pending_.Hold()](const absl::Status& status) {
    if (!status.ok()) return done(status);
    Announce(outcome->changes);
    done(std::move(outcome->value));
  });
}

}  // namespace seedbed::jobs
