#include "server/jobs/transaction.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/jobs/job_names.h"
#include "server/jobs/state_machine.h"

namespace seedbed::jobs {
namespace {

absl::Status NotCurrent(const v1::Attempt& attempt) {
  return absl::AbortedError(absl::StrCat("attempt ", attempt.epoch(), " of job ", attempt.job_id(), " is not the current one any more"));
}

// What being in `to` means for the row.
void Enter(store::JobRow& job, v1::JobState to, const Cause& cause, int64_t now) {
  job.state = to;
  if (to == v1::JOB_STATE_ASSIGNED) {
    ++job.epoch;
    ++job.attempt;
  }
  if (to == v1::JOB_STATE_RUNNING && job.start_time == 0) job.start_time = now;
  if (!IsTerminal(to)) return;
  job.end_time = now;
  if (to == v1::JOB_STATE_SUCCEEDED) return;
  job.error.set_reason(cause.reason);
  job.error.set_message(cause.message);
}

v1::Event EventOf(const store::JobRow& job, const Cause& cause, int64_t now) {
  v1::Event event;
  event.set_seq(job.last_seq);
  *event.mutable_time() = TimestampOf(now);
  v1::StateChange& change = *event.mutable_state();
  change.set_state(job.state);
  change.set_attempt(job.attempt);
  if (IsHeld(job.state)) change.set_worker(job.worker);
  change.set_reason(cause.reason);
  change.set_message(cause.message);
  return event;
}

}  // namespace

google::protobuf::Timestamp TimestampOf(int64_t wall_micros) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(wall_micros);
}

absl::StatusOr<store::JobRow> Transaction::HeldJob(const v1::Attempt& attempt) const {
  absl::StatusOr<store::JobRow> job = FindJob(tables_, attempt.job_id());
  if (absl::IsNotFound(job.status()) || (job.ok() && (!IsHeld(job->state) || job->epoch != attempt.epoch()))) return NotCurrent(attempt);
  return job;
}

absl::Status Transaction::Create(store::JobRow& job, v1::JobState state, const std::vector<int64_t>& dependencies) {
  if (!IsLegalTransition(v1::JOB_STATE_UNSPECIFIED, state)) return absl::InternalError("a job cannot begin in this state");
  job.state = state;
  job.last_seq = 1;
  job.create_time = now_;
  SB_ASSIGN_OR_RETURN(job.number, tables_.InsertJob(job));
  for (const int64_t dependency : dependencies) SB_RETURN_IF_ERROR(tables_.InsertDependency(job.number, dependency));
  const v1::Event event = EventOf(job, {}, now_);
  SB_RETURN_IF_ERROR(tables_.InsertEvent(job.number, "", event));
  changes_.push_back({job, v1::JOB_STATE_UNSPECIFIED, event});
  return absl::OkStatus();
}

absl::Status Transaction::Move(store::JobRow& job, v1::JobState to, const Cause& cause) {
  SB_RETURN_IF_ERROR(MoveOne(job, to, cause));
  if (!IsTerminal(to)) return absl::OkStatus();
  std::vector<store::JobRow> ended{job};
  while (!ended.empty()) {
    const store::JobRow next = std::move(ended.back());
    ended.pop_back();
    SB_RETURN_IF_ERROR(SettleDependants(next, &ended));
  }
  return absl::OkStatus();
}

absl::Status Transaction::MoveOne(store::JobRow& job, v1::JobState to, const Cause& cause) {
  const v1::JobState from = job.state;
  const int64_t epoch = job.epoch;
  if (!IsLegalTransition(from, to)) {
    return absl::InternalError(
        absl::StrCat("job ", JobId(job), " cannot go from ", ToAbsl(StateName(from)), " to ", ToAbsl(StateName(to))));
  }
  Enter(job, to, cause, now_);
  ++job.last_seq;
  SB_RETURN_IF_ERROR(Update(job, from, epoch));
  const v1::Event event = EventOf(job, cause, now_);
  SB_RETURN_IF_ERROR(tables_.InsertEvent(job.number, "", event));
  changes_.push_back({job, from, event});
  return absl::OkStatus();
}

absl::Status Transaction::SettleDependants(const store::JobRow& ended, std::vector<store::JobRow>* also_ended) {
  SB_ASSIGN_OR_RETURN(const std::vector<int64_t> dependants, tables_.DependantsOf(ended.number));
  for (const int64_t number : dependants) {
    SB_ASSIGN_OR_RETURN(store::JobRow job, tables_.GetJob(number));
    if (job.state != v1::JOB_STATE_WAITING) continue;
    if (ended.state == v1::JOB_STATE_SUCCEEDED) {
      SB_ASSIGN_OR_RETURN(const int64_t open, tables_.OpenDependencies(number));
      if (open == 0) SB_RETURN_IF_ERROR(MoveOne(job, v1::JOB_STATE_PENDING, {}));
      continue;
    }
    const std::string outcome = absl::AsciiStrToLower(ToAbsl(StateName(ended.state)));
    SB_RETURN_IF_ERROR(MoveOne(job, v1::JOB_STATE_CANCELLED,
                               {v1::REASON_DEPENDENCY_FAILED, absl::StrCat(JobId(ended), ", which it depends on, ended as ", outcome)}));
    also_ended->push_back(std::move(job));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Transaction::Append(store::JobRow& job, std::string_view key, v1::Event event) {
  SB_ASSIGN_OR_RETURN(const bool known, tables_.HasEvent(job.number, key));
  if (known) return false;
  event.set_seq(++job.last_seq);
  *event.mutable_time() = TimestampOf(now_);
  SB_RETURN_IF_ERROR(Update(job, job.state, job.epoch));
  SB_RETURN_IF_ERROR(tables_.InsertEvent(job.number, key, event));
  changes_.push_back({job, job.state, std::move(event)});
  return true;
}

absl::Status Transaction::Save(const store::JobRow& job) {
  SB_RETURN_IF_ERROR(Update(job, job.state, job.epoch));
  changes_.push_back({job, job.state, std::nullopt});
  return absl::OkStatus();
}

absl::Status Transaction::Update(const store::JobRow& job, v1::JobState expected_state, int64_t expected_epoch) {
  SB_ASSIGN_OR_RETURN(const bool updated, tables_.UpdateJob(job, expected_state, expected_epoch));
  return updated ? absl::OkStatus() : absl::AbortedError(absl::StrCat("job ", JobId(job), " was changed by someone else"));
}

}  // namespace seedbed::jobs
