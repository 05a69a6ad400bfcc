// The life of an attempt: claimed, started, heard of, finished or lost.
#include "absl/strings/str_cat.h"
#include "server/jobs/input_resolution.h"
#include "server/jobs/job_manager_impl.h"
#include "server/jobs/job_names.h"
#include "server/jobs/outcome.h"
#include "server/jobs/publication.h"
#include "server/jobs/state_machine.h"

namespace seedbed::jobs {
namespace {

// A retry must give the bits that the first attempt would have given. Threads may differ: results do not depend on them.
bool CanMatch(const v1::ExecutionProfile& job, const v1::ExecutionProfile& worker) {
  if (job.device().empty()) return true;  // never assigned
  return job.device() == worker.device() && job.instruction_set() == worker.instruction_set() && job.precision() == worker.precision();
}

v1::Attempt AttemptOf(const store::JobRow& job) {
  v1::Attempt attempt;
  attempt.set_job_id(JobId(job));
  attempt.set_epoch(job.epoch);
  return attempt;
}

// Whether inputs could not be resolved for a reason that lies in the job, not in the store.
bool IsJobsFault(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsInvalidArgument(status) || absl::IsDataLoss(status);
}

void MadeProgress(store::JobRow& job) {
  job.losses = 0;
  job.crashes = 0;
}

absl::Status AppendArtifacts(Transaction& transaction, store::JobRow& job, const v1::TaskFinished& finished) {
  for (const v1::Artifact& artifact : finished.artifacts()) {
    v1::Event event;
    *event.mutable_artifact() = artifact;
    SB_RETURN_IF_ERROR(transaction.Append(job, absl::StrCat("artifact/", artifact.name()), event).status());
  }
  return absl::OkStatus();
}

v1::JobError ErrorOf(const v1::TaskFinished& finished) {
  v1::JobError error = finished.error();
  if (error.reason() == v1::REASON_UNSPECIFIED) error.set_reason(v1::REASON_INTERNAL);
  return error;
}

}  // namespace

void JobManager::Impl::Claim(const std::string& slot, const v1::ExecutionProfile& profile, Done<std::optional<v1::Assignment>> done) {
  if (draining_) return done(std::nullopt);
  Transact<OptionalRow>(
      [this, slot, profile](Transaction& transaction, OptionalRow& assigned) -> absl::Status {
        SB_ASSIGN_OR_RETURN(assigned, AssignNext(transaction, slot, profile));
        return absl::OkStatus();
      },
      [this, done = std::move(done)](absl::StatusOr<OptionalRow> assigned) {
        if (!assigned.ok()) return done(assigned.status());
        if (!assigned->has_value()) return done(std::nullopt);
        RunFileWork([this, job = **assigned, done] { HandOver(job, done); });
      });
}

absl::StatusOr<JobManager::Impl::OptionalRow> JobManager::Impl::AssignNext(Transaction& transaction, const std::string& slot,
                                                                           const v1::ExecutionProfile& profile) {
  const MonotonicTime now = clock_.Monotonic();
  OptionalRow candidate;
  while (true) {
    SB_ASSIGN_OR_RETURN(candidate, transaction.tables().NextPending(candidate ? &*candidate : nullptr));
    if (!candidate) return std::nullopt;
    if (live_.IsHeldBack(JobId(*candidate), now) || !CanMatch(candidate->inputs.profile(), profile)) continue;
    SB_ASSIGN_OR_RETURN(const bool assigned, TryAssign(transaction, *candidate, slot, profile));
    if (assigned) return candidate;
  }
}

absl::StatusOr<bool> JobManager::Impl::TryAssign(Transaction& transaction, store::JobRow& job, const std::string& slot,
                                                 const v1::ExecutionProfile& profile) {
  if (job.damaged) {
    SB_RETURN_IF_ERROR(EndDamaged(transaction, job));
    return false;
  }
  if (job.inputs.profile().device().empty()) {
    const absl::StatusOr<v1::TaskInputs> inputs = ResolveInputs(transaction.tables(), job);
    if (IsJobsFault(inputs.status())) {
      const v1::Reason reason = absl::IsDataLoss(inputs.status()) ? v1::REASON_INTERNAL : v1::REASON_INVALID_INPUT;
      const Cause cause{reason, std::string(inputs.status().message())};
      SB_RETURN_IF_ERROR(transaction.Move(job, v1::JOB_STATE_FAILED, cause));
      return false;
    }
    SB_RETURN_IF_ERROR(inputs.status());
    job.inputs = *inputs;
    *job.inputs.mutable_profile() = profile;
  }
  job.worker = slot;
  SB_RETURN_IF_ERROR(transaction.Move(job, v1::JOB_STATE_ASSIGNED));
  return true;
}

// The worker hears of its job when the attempt's folders are there.
void JobManager::Impl::HandOver(const store::JobRow& job, Done<std::optional<v1::Assignment>> done) {
  if (const absl::Status prepared = PrepareAttempt(layout_, job); !prepared.ok()) {
    return NotHandedOver(job, prepared, std::move(done));
  }
  absl::StatusOr<v1::TaskInputs> inputs = WithFolders(store_, job, layout_);
  if (!inputs.ok()) return NotHandedOver(job, inputs.status(), std::move(done));
  v1::Assignment assignment;
  *assignment.mutable_attempt() = AttemptOf(job);
  *assignment.mutable_spec() = job.spec;
  *assignment.mutable_inputs() = *std::move(inputs);
  assignment.set_attempt_number(job.attempt);
  done(std::move(assignment));
}

void JobManager::Impl::NotHandedOver(const store::JobRow& job, const absl::Status& fault, Done<std::optional<v1::Assignment>> done) {
  const Loss loss{v1::REASON_WORKER_LOST, absl::StrCat("could not prepare the attempt: ", fault.message())};
  Lost(AttemptOf(job), loss, [done = std::move(done), fault](const absl::StatusOr<bool>&) { done(fault); });
}

void JobManager::Impl::Started(const v1::Attempt& attempt, Done<bool> done) {
  Transact<bool>(
      [attempt](Transaction& transaction, bool& started) -> absl::Status {
        SB_ASSIGN_OR_RETURN(store::JobRow job, transaction.HeldJob(attempt));
        started = true;
        if (job.state == v1::JOB_STATE_RUNNING) return absl::OkStatus();  // it said so before
        return transaction.Move(job, v1::JOB_STATE_RUNNING);
      },
      std::move(done));
}

void JobManager::Impl::AppendEvent(const v1::Attempt& attempt, const v1::TaskEvent& event, Done<bool> done) {
  const v1::Event& body = event.event();
  if (event.key().empty() || body.payload_case() == v1::Event::PAYLOAD_NOT_SET || body.has_state() || body.has_progress()) {
    return done(absl::InvalidArgumentError("a worker's event needs a key, and is an epoch, a warning, a log line or an artifact"));
  }
  Transact<bool>(
      [attempt, event](Transaction& transaction, bool& stored) -> absl::Status {
        SB_ASSIGN_OR_RETURN(store::JobRow job, transaction.HeldJob(attempt));
        if (event.event().has_epoch()) MadeProgress(job);  // counts only if the event is new: otherwise the row is not stored
        SB_ASSIGN_OR_RETURN(stored, transaction.Append(job, event.key(), event.event()));
        return absl::OkStatus();
      },
      std::move(done));
}

void JobManager::Impl::Checkpointed(const v1::Attempt& attempt, int64_t mark, Done<bool> done) {
  Transact<bool>(
      [attempt, mark](Transaction& transaction, bool& progressed) -> absl::Status {
        SB_ASSIGN_OR_RETURN(store::JobRow job, transaction.HeldJob(attempt));
        progressed = mark > job.mark;
        if (!progressed) return absl::OkStatus();
        job.mark = mark;
        MadeProgress(job);
        return transaction.Save(job);
      },
      std::move(done));
}

void JobManager::Impl::ReportProgress(const v1::Attempt& attempt, const v1::Progress& progress) {
  v1::Event event;
  *event.mutable_time() = TimestampOf(clock_.WallMicros());
  *event.mutable_progress() = progress;
  if (live_.SetProgress(attempt, std::move(event))) hub_.Wake(attempt.job_id());
}

void JobManager::Impl::Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done) {
  RunFileWork([this, attempt, finished, done = std::move(done)] { FinishNow(attempt, finished, done); });
}

void JobManager::Impl::FinishNow(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done) {
  store::JobRow job;
  const absl::Status read = store_.Read([&](store::Reader& reader) -> absl::Status {
    SB_ASSIGN_OR_RETURN(job, FindJob(reader, attempt.job_id()));
    return absl::OkStatus();
  });
  v1::TaskFinished outcome = finished;
  // Only the current attempt publishes. The row cannot change hands until the outcome is recorded: losses wait in line behind this.
  if (read.ok() && IsHeld(job.state) && job.epoch == attempt.epoch()) {
    if (const absl::Status published = PublishFiles(job, finished); !published.ok()) outcome = FailureOf(published, finished);
  }
  Transact<bool>(
      [this, attempt, outcome](Transaction& transaction, bool& recorded) -> absl::Status {
        recorded = true;
        const absl::StatusOr<store::JobRow> known = FindJob(transaction.tables(), attempt.job_id());
        if (known.ok() && known->finished_epoch == attempt.epoch() && attempt.epoch() > 0) return absl::OkStatus();  // said before
        SB_ASSIGN_OR_RETURN(store::JobRow held, transaction.HeldJob(attempt));
        return RecordOutcome(transaction, held, outcome);
      },
      std::move(done));
}

absl::Status JobManager::Impl::PublishFiles(const store::JobRow& job, const v1::TaskFinished& finished) {
  if (finished.outcome() == v1::TaskFinished::OUTCOME_DRAINED) return absl::OkStatus();
  const bool succeeded = finished.outcome() == v1::TaskFinished::OUTCOME_SUCCEEDED;
  if (succeeded) SB_RETURN_IF_ERROR(CheckOutcome(job, finished));
  SB_RETURN_IF_ERROR(PublishArtifacts(layout_, job));
  return succeeded ? PublishOutput(layout_, job) : absl::OkStatus();
}

absl::Status JobManager::Impl::RecordOutcome(Transaction& transaction, store::JobRow& job, const v1::TaskFinished& finished) {
  job.finished_epoch = job.epoch;
  switch (finished.outcome()) {
    case v1::TaskFinished::OUTCOME_SUCCEEDED:
      // Its TaskStarted may have been lost with an earlier connection.
      if (job.state == v1::JOB_STATE_ASSIGNED) SB_RETURN_IF_ERROR(transaction.Move(job, v1::JOB_STATE_RUNNING));
      SB_RETURN_IF_ERROR(RecordSuccess(transaction.tables(), job, finished, transaction.now()));
      SB_RETURN_IF_ERROR(AppendArtifacts(transaction, job, finished));
      return transaction.Move(job, v1::JOB_STATE_SUCCEEDED);
    case v1::TaskFinished::OUTCOME_FAILED: {
      const v1::JobError error = ErrorOf(finished);
      SB_RETURN_IF_ERROR(AppendArtifacts(transaction, job, finished));
      return transaction.Move(job, v1::JOB_STATE_FAILED, {error.reason(), error.message()});
    }
    case v1::TaskFinished::OUTCOME_CANCELLED:
      SB_RETURN_IF_ERROR(AppendArtifacts(transaction, job, finished));
      if (job.cancel != v1::REASON_UNSPECIFIED) return EndCancelled(transaction, job);
      return GiveBack(transaction, job, {v1::REASON_WORKER_LOST, "the worker stopped the job without being asked to"});
    case v1::TaskFinished::OUTCOME_DRAINED:
      return GiveBack(transaction, job, {v1::REASON_DRAINED, absl::StrCat("worker ", job.worker, " was stopped; the job goes on later")});
    default:
      return absl::InvalidArgumentError("a worker's result needs an outcome");
  }
}

absl::Status JobManager::Impl::EndCancelled(Transaction& transaction, store::JobRow& job) {
  if (job.cancel != v1::REASON_TIMEOUT) {
    return transaction.Move(job, v1::JOB_STATE_CANCELLED, {v1::REASON_CANCELLED_BY_USER, "cancelled while it ran"});
  }
  return transaction.Move(job, v1::JOB_STATE_FAILED,
                          {v1::REASON_TIMEOUT, absl::StrCat("it ran longer than its timeout of ", job.spec.timeout().seconds(), " s")});
}

absl::Status JobManager::Impl::EndDamaged(Transaction& transaction, store::JobRow& job) {
  return transaction.Move(job, v1::JOB_STATE_FAILED,
                          {v1::REASON_INTERNAL, absl::StrCat("what is stored of job ", JobId(job), " is damaged; submit it again")});
}

void JobManager::Impl::Lost(const v1::Attempt& attempt, const Loss& loss, Done<bool> done) {
  auto give_back = [this, attempt, loss](Transaction& transaction, bool& recorded) -> absl::Status {
    SB_ASSIGN_OR_RETURN(store::JobRow job, transaction.HeldJob(attempt));
    recorded = true;
    return GiveBack(transaction, job, loss);
  };
  // In line with what the attempt may have finished before it was lost.
  RunFileWork([this, give_back, done = std::move(done)] { Transact<bool>(give_back, done); });
}

absl::Status JobManager::Impl::GiveBack(Transaction& transaction, store::JobRow& job, const Loss& loss) {
  if (job.cancel != v1::REASON_UNSPECIFIED) return EndCancelled(transaction, job);
  const std::string id = JobId(job);
  const MonotonicTime now = clock_.Monotonic();
  job.ran_micros += live_.RunningTime(id, now).count();
  if (loss.reason != v1::REASON_DRAINED) {
    ++job.losses;
    if (IsCrash(loss.reason)) ++job.crashes;
    const std::string give_up = GiveUpReason(retry_policy_, job.losses, job.crashes, loss);
    if (!give_up.empty()) return transaction.Move(job, v1::JOB_STATE_FAILED, {loss.reason, give_up});
    live_.HoldBack(id, now + Backoff(retry_policy_, job.losses, job.number, job.epoch));
  }
  return transaction.Move(job, v1::JOB_STATE_PENDING, {loss.reason, loss.message});
}

}  // namespace seedbed::jobs
