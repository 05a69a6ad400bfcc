// What an earlier server left.
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "server/jobs/job_manager_impl.h"
#include "server/jobs/job_names.h"
#include "server/jobs/publication.h"
#include "server/jobs/state_machine.h"

namespace seedbed::jobs {
namespace {

// Idempotency keys are kept for a week.
constexpr int64_t kKeepRequestsMicros = int64_t{7} * 24 * 3600 * 1'000'000;

}  // namespace

absl::StatusOr<RecoveryReport> JobManager::Impl::Recover() {
  std::vector<std::pair<v1::JobState, int64_t>> counts;
  std::vector<store::JobRow> unfinished;
  SB_RETURN_IF_ERROR(store_.Read([&](store::Reader& reader) -> absl::Status {
    SB_ASSIGN_OR_RETURN(counts, reader.CountJobs());
    SB_ASSIGN_OR_RETURN(unfinished, reader.UnfinishedJobs());
    return absl::OkStatus();
  }));
  live_.Load(unfinished, counts, clock_.Monotonic());
  SweepFiles(unfinished);

  RecoveryReport report;
  std::vector<Change> changes;
  const absl::Status recovered = store_.WriteAndWait([&](store::Writer& tables) -> absl::Status {
    Transaction transaction(&tables, clock_.WallMicros());
    report = {};
    for (const auto& [state, count] : counts) report.ended += IsTerminal(state) ? static_cast<int>(count) : 0;
    for (const store::JobRow& job : unfinished) SB_RETURN_IF_ERROR(RecoverJob(transaction, job.number, report));
    changes = transaction.TakeChanges();
    return tables.ForgetRequestsBefore(transaction.now() - kKeepRequestsMicros);
  });
  SB_RETURN_IF_ERROR(recovered);
  Announce(changes);
  return report;
}

absl::Status JobManager::Impl::RecoverJob(Transaction& transaction, int64_t number, RecoveryReport& report) {
  SB_ASSIGN_OR_RETURN(store::JobRow job, transaction.tables().GetJob(number));
  if (IsTerminal(job.state)) {  // ended with one it depended on, just now
    ++report.ended;
    return absl::OkStatus();
  }
  if (job.damaged) {
    ++report.failed;
    return EndDamaged(transaction, job);
  }
  if (!IsHeld(job.state)) {
    ++report.queued;
    return absl::OkStatus();
  }
  if (MayStillRun(job)) {
    RecoveryReport::Held& held = report.held.emplace_back();
    held.attempt.set_job_id(JobId(job));
    held.attempt.set_epoch(job.epoch);
    held.slot = job.worker;
    return absl::OkStatus();
  }
  // The server's end is not the job's fault: no attempt is counted.
  SB_RETURN_IF_ERROR(GiveBack(transaction, job, {v1::REASON_DRAINED, "the server was restarted, and the worker is gone"}));
  ++(IsTerminal(job.state) ? report.ended : report.requeued);
  return absl::OkStatus();
}

// A living worker holds its slot's lock.
bool JobManager::Impl::MayStillRun(const store::JobRow& job) const { return !FileLock::TryAcquire(layout_.slot_lock(job.worker)).ok(); }

void JobManager::Impl::SweepFiles(const std::vector<store::JobRow>& unfinished) {
  std::map<std::string, int64_t> current;
  for (const store::JobRow& job : unfinished) current[JobId(job)] = job.epoch;
  RunFileWork([this, current = std::move(current)] { SweepOrphans(layout_, current); });
}

}  // namespace seedbed::jobs
