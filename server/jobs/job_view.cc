#include "server/jobs/job_view.h"

#include "server/jobs/job_names.h"
#include "server/jobs/transaction.h"

namespace seedbed::jobs {

v1::Job ViewOf(const store::JobRow& job) {
  v1::Job view;
  if (job.number != 0) view.set_id(JobId(job));
  view.set_kind(job.kind);
  view.set_state(job.state);
  if (job.spec.task_case() != v1::JobSpec::TASK_NOT_SET) *view.mutable_spec() = job.spec;
  view.set_attempt(job.attempt);
  if (job.create_time != 0) *view.mutable_create_time() = TimestampOf(job.create_time);
  if (job.start_time != 0) *view.mutable_start_time() = TimestampOf(job.start_time);
  if (job.end_time != 0) *view.mutable_end_time() = TimestampOf(job.end_time);
  if (job.error.reason() != v1::REASON_UNSPECIFIED) *view.mutable_error() = job.error;
  view.set_worker(job.worker);
  view.set_last_seq(job.last_seq);
  if (job.result.result_case() != v1::JobResult::RESULT_NOT_SET) *view.mutable_result() = job.result;
  if (!job.inputs.profile().device().empty()) *view.mutable_profile() = job.inputs.profile();
  return view;
}

}  // namespace seedbed::jobs
