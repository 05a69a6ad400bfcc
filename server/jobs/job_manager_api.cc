// What people ask of the manager: submit, cancel, look.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "server/jobs/admission.h"
#include "server/jobs/field_error.h"
#include "server/jobs/job_manager_impl.h"
#include "server/jobs/job_names.h"
#include "server/jobs/job_view.h"
#include "server/jobs/path_policy.h"
#include "server/jobs/planning.h"
#include "server/jobs/state_machine.h"
#include "server/jobs/validation.h"
#include "server/store/paging.h"

namespace seedbed::jobs {
namespace {

constexpr char kSubmitScope[] = "submit";

int64_t FreeBytesBelow(const store::DataLayout& layout) {
  const absl::StatusOr<uint64_t> free_bytes = FreeBytes(layout.root());
  return free_bytes.ok() ? static_cast<int64_t>(*free_bytes) : 0;
}

store::JobRow NewJob(const v1::JobSpec& spec) {
  store::JobRow job;
  job.kind = KindOf(spec);
  job.priority = spec.priority();
  job.makes = OutputOf(spec);
  job.spec = spec;
  return job;
}

absl::StatusOr<store::JobFilter> FilterOf(const v1::ListJobsRequest& request) {
  store::JobFilter filter;
  for (const int state : request.states()) {
    if (!v1::JobState_IsValid(state)) return FieldError("states", absl::StrCat("has ", state, ", which is no state"));
    filter.states.push_back(static_cast<v1::JobState>(state));
  }
  for (const int kind : request.kinds()) {
    if (!v1::JobKind_IsValid(kind)) return FieldError("kinds", absl::StrCat("has ", kind, ", which is no kind"));
    filter.kinds.push_back(static_cast<v1::JobKind>(kind));
  }
  return filter;
}

std::string Mebibytes(int64_t bytes) { return absl::StrCat(bytes >> 20, " MiB"); }

}  // namespace

// A request on its way into the store.
struct JobManager::Impl::Submission {
  v1::JobSpec spec;  // effective
  std::string request_id;
  std::string fingerprint;
  bool validate_only = false;
  int64_t free_bytes = 0;
  absl::Status refusal;  // why a new job cannot be taken; a repeated request is answered all the same
};

void JobManager::Impl::Submit(const v1::SubmitJobRequest& request, Done<v1::SubmitJobResponse> done) {
  auto submission = std::make_shared<Submission>();
  const auto prepare = [&]() -> absl::Status {
    SB_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
    SB_ASSIGN_OR_RETURN(submission->spec, EffectiveSpec(request.spec()));
    return absl::OkStatus();
  };
  if (const absl::Status prepared = prepare(); !prepared.ok()) return done(prepared);
  submission->request_id = request.request_id();
  submission->fingerprint = Fingerprint(request.spec());
  submission->validate_only = request.validate_only();
  submission->free_bytes = FreeBytesBelow(layout_);
  submission->refusal = RefusalNow();
  if (!NamesFiles(submission->spec)) return Enqueue(std::move(submission), std::move(done));
  RunPathWork([this, submission = std::move(submission), done = std::move(done)] {
    const absl::Status paths = CheckPaths(submission->spec, layout_, options_.allowed_roots);
    if (submission->refusal.ok()) submission->refusal = paths;
    Enqueue(submission, done);
  });
}

absl::Status JobManager::Impl::RefusalNow() const {
  if (draining_) return absl::UnavailableError("the server is being stopped and takes no new jobs; try again when it is back");
  if (live_.Unfinished() >= options_.max_queued_jobs) {
    return absl::ResourceExhaustedError(absl::StrCat("the server holds ", live_.Unfinished(), " unfinished jobs, its limit is ",
                                                     options_.max_queued_jobs,
                                                     "; wait until some have ended, or raise limits.max_queued_jobs"));
  }
  const int64_t free_bytes = FreeBytesBelow(layout_);
  if (free_bytes >= options_.min_free_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("only ", Mebibytes(free_bytes), " are free on the disk of ", layout_.root().string(),
                                                   ", and ", Mebibytes(options_.min_free_bytes),
                                                   " are kept for running jobs; make room (the folder cache/ may always be deleted)"));
}

void JobManager::Impl::Enqueue(std::shared_ptr<const Submission> submission, Done<v1::SubmitJobResponse> done) {
  if (!submission->refusal.ok() && submission->request_id.empty()) return done(submission->refusal);
  Transact<v1::SubmitJobResponse>(
      [this, submission](Transaction& transaction, v1::SubmitJobResponse& response) {
        return AdmitAndStore(transaction, *submission, response);
      },
      std::move(done));
}

absl::Status JobManager::Impl::AdmitAndStore(Transaction& transaction, const Submission& submission, v1::SubmitJobResponse& response) {
  store::Writer& tables = transaction.tables();
  SB_ASSIGN_OR_RETURN(const bool answered, AnswerAgain(transaction, submission, response));
  if (answered) return absl::OkStatus();
  SB_RETURN_IF_ERROR(submission.refusal);
  SB_ASSIGN_OR_RETURN(const Admission admission, Admit(tables, submission.spec));
  store::JobRow job = NewJob(submission.spec);
  const v1::JobState state = admission.ready ? v1::JOB_STATE_PENDING : v1::JOB_STATE_WAITING;
  if (submission.validate_only) {
    SB_ASSIGN_OR_RETURN(*response.mutable_plan(), MakePlan(tables, submission.spec, submission.free_bytes));
    job.state = state;
    *response.mutable_job() = ViewOf(job);
    return absl::OkStatus();
  }
  SB_RETURN_IF_ERROR(transaction.Create(job, state, admission.dependencies));
  *response.mutable_job() = ViewOf(job);
  if (submission.request_id.empty()) return absl::OkStatus();
  return tables.InsertRequest(kSubmitScope, submission.request_id, {submission.fingerprint, job.number}, transaction.now());
}

absl::StatusOr<bool> JobManager::Impl::AnswerAgain(Transaction& transaction, const Submission& submission,
                                                   v1::SubmitJobResponse& response) {
  if (submission.request_id.empty()) return false;
  SB_ASSIGN_OR_RETURN(const auto earlier, transaction.tables().FindRequest(kSubmitScope, submission.request_id));
  if (!earlier) return false;
  if (earlier->fingerprint != submission.fingerprint) {
    return AtField("request_id", absl::AlreadyExistsError(
                                     absl::StrCat("'", submission.request_id, "' was used for another job; use a new one for each job")));
  }
  if (submission.validate_only) return false;
  SB_ASSIGN_OR_RETURN(const store::JobRow job, transaction.tables().GetJob(earlier->job));
  *response.mutable_job() = ViewOf(job);
  return true;
}

void JobManager::Impl::Cancel(const std::string& job_id, Done<v1::Job> done) {
  Transact<v1::Job>(
      [job_id](Transaction& transaction, v1::Job& view) -> absl::Status {
        SB_ASSIGN_OR_RETURN(store::JobRow job, FindJob(transaction.tables(), job_id));
        if (IsHeld(job.state) && job.cancel == v1::REASON_UNSPECIFIED) {
          job.cancel = v1::REASON_CANCELLED_BY_USER;
          SB_RETURN_IF_ERROR(transaction.Save(job));
        } else if (job.state == v1::JOB_STATE_WAITING || job.state == v1::JOB_STATE_PENDING) {
          SB_RETURN_IF_ERROR(transaction.Move(job, v1::JOB_STATE_CANCELLED, {v1::REASON_CANCELLED_BY_USER, "cancelled before it ran"}));
        }
        view = ViewOf(job);
        return absl::OkStatus();
      },
      std::move(done));
}

absl::StatusOr<v1::Job> JobManager::Impl::Get(const std::string& job_id) const {
  v1::Job view;
  SB_RETURN_IF_ERROR(store_.Read([&](store::Reader& reader) -> absl::Status {
    SB_ASSIGN_OR_RETURN(const store::JobRow job, FindJob(reader, job_id));
    view = ViewOf(job);
    if (job.state != v1::JOB_STATE_PENDING) return absl::OkStatus();
    SB_ASSIGN_OR_RETURN(const int64_t ahead, reader.JobsAhead(job));
    view.set_queue_position(static_cast<int32_t>(ahead));
    return absl::OkStatus();
  }));
  if (const auto progress = live_.Progress(job_id); progress && IsHeld(view.state())) *view.mutable_progress() = progress->progress();
  return view;
}

absl::StatusOr<v1::ListJobsResponse> JobManager::Impl::List(const v1::ListJobsRequest& request) const {
  SB_ASSIGN_OR_RETURN(const store::PagePosition position, store::ParsePage(request.page()));
  SB_ASSIGN_OR_RETURN(store::JobFilter filter, FilterOf(request));
  filter.before = position.token;
  std::vector<store::JobRow> jobs;
  std::map<int64_t, int32_t> queue_positions;
  SB_RETURN_IF_ERROR(store_.Read([&](store::Reader& reader) -> absl::Status {
    SB_ASSIGN_OR_RETURN(jobs, reader.ListJobs(filter, position.size + 1));
    const auto is_pending = [](const store::JobRow& job) { return job.state == v1::JOB_STATE_PENDING; };
    if (std::none_of(jobs.begin(), jobs.end(), is_pending)) return absl::OkStatus();
    SB_ASSIGN_OR_RETURN(const std::vector<int64_t> queue, reader.Queue());
    for (size_t i = 0; i < queue.size(); ++i) queue_positions[queue[i]] = static_cast<int32_t>(i);
    return absl::OkStatus();
  }));
  v1::ListJobsResponse response;
  if (jobs.size() > static_cast<size_t>(position.size)) {
    jobs.pop_back();
    response.set_next_page_token(store::MakePageToken(jobs.back().number));
  }
  for (const store::JobRow& job : jobs) {
    v1::Job& view = *response.add_jobs() = ViewOf(job);
    if (const auto found = queue_positions.find(job.number); found != queue_positions.end()) view.set_queue_position(found->second);
    if (!IsHeld(job.state)) continue;
    if (const auto progress = live_.Progress(view.id())) *view.mutable_progress() = progress->progress();
  }
  return response;
}

absl::StatusOr<std::vector<v1::Event>> JobManager::Impl::ReadEvents(const std::string& job_id, int64_t after_seq, int limit) const {
  std::vector<v1::Event> events;
  SB_RETURN_IF_ERROR(store_.Read([&](store::Reader& reader) -> absl::Status {
    SB_ASSIGN_OR_RETURN(const store::JobRow job, FindJob(reader, job_id));
    if (after_seq < 0 || after_seq > job.last_seq) {
      return absl::OutOfRangeError(
          absl::StrCat("job ", job_id, " has events 1 to ", job.last_seq, " so far; there is none after ", after_seq));
    }
    SB_ASSIGN_OR_RETURN(events, reader.ReadEvents(job.number, after_seq, limit));
    return absl::OkStatus();
  }));
  return events;
}

absl::StatusOr<std::vector<std::string>> JobManager::Impl::UsersOf(
    const std::function<bool(const store::Reader&, const v1::JobSpec&)>& uses) const {
  std::vector<std::string> users;
  SB_RETURN_IF_ERROR(store_.Read([&](store::Reader& reader) -> absl::Status {
    SB_ASSIGN_OR_RETURN(const std::vector<store::JobRow> jobs, reader.UnfinishedJobs());
    for (const store::JobRow& job : jobs) {
      if (uses(reader, job.spec)) users.push_back(JobId(job));
    }
    return absl::OkStatus();
  }));
  return users;
}

MonotonicTime JobManager::Impl::Tick() {
  const LiveJobs::Due due = live_.TakeDue(clock_.Monotonic());
  if (due.runnable) Wake(true, {});
  for (const v1::Attempt& attempt : due.timed_out) MarkTimedOut(attempt);
  return due.next;
}

void JobManager::Impl::MarkTimedOut(const v1::Attempt& attempt) {
  Transact<bool>(
      [attempt](Transaction& transaction, bool& marked) -> absl::Status {
        SB_ASSIGN_OR_RETURN(store::JobRow job, transaction.HeldJob(attempt));
        if (job.cancel != v1::REASON_UNSPECIFIED) return absl::OkStatus();
        job.cancel = v1::REASON_TIMEOUT;
        marked = true;
        return transaction.Save(job);
      },
      [](const absl::StatusOr<bool>&) {});  // on an error the next tick tries again
}

}  // namespace seedbed::jobs
