#include "server/jobs/job_manager.h"

#include "absl/strings/str_cat.h"
#include "server/jobs/job_manager_impl.h"
#include "server/jobs/job_names.h"
#include "server/jobs/job_view.h"
#include "server/jobs/publication.h"
#include "server/jobs/state_machine.h"

namespace seedbed::jobs {
namespace {

RetryPolicy RetryPolicyOf(const JobManagerOptions& options) {
  return {options.max_attempts, options.max_crashes, options.retry_backoff, options.max_backoff, options.jitter_seed};
}

bool IsTransition(const Change& change) { return change.event && change.event->has_state(); }

}  // namespace

// --- The public face.

absl::StatusOr<std::unique_ptr<JobManager>> JobManager::Create(store::Store* store, const store::DataLayout* layout, const Clock* clock,
                                                               JobObserver* observer, JobManagerOptions options) {
  if (options.max_attempts < 1 || options.max_crashes < 1 || options.max_queued_jobs < 1) {
    return absl::InvalidArgumentError("max_attempts, max_crashes and max_queued_jobs must be at least 1");
  }
  return std::unique_ptr<JobManager>(new JobManager(std::make_unique<Impl>(store, layout, clock, observer, std::move(options))));
}

JobManager::JobManager(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JobManager::~JobManager() = default;

absl::StatusOr<RecoveryReport> JobManager::Recover() { return impl_->Recover(); }
void JobManager::Submit(const v1::SubmitJobRequest& request, Done<v1::SubmitJobResponse> done) { impl_->Submit(request, std::move(done)); }
void JobManager::Cancel(const std::string& job_id, Done<v1::Job> done) { impl_->Cancel(job_id, std::move(done)); }
absl::StatusOr<v1::Job> JobManager::Get(const std::string& job_id) const { return impl_->Get(job_id); }
absl::StatusOr<v1::ListJobsResponse> JobManager::List(const v1::ListJobsRequest& request) const { return impl_->List(request); }
absl::StatusOr<std::vector<v1::Event>> JobManager::ReadEvents(const std::string& job_id, int64_t after_seq, int limit) const {
  return impl_->ReadEvents(job_id, after_seq, limit);
}
std::optional<v1::Event> JobManager::LatestProgress(const std::string& job_id) const { return impl_->live().Progress(job_id); }
std::shared_ptr<const std::string> JobManager::LatestPreview(const std::string& job_id) const { return impl_->live().Preview(job_id); }
std::unique_ptr<Subscription> JobManager::Subscribe(const std::string& job_id, std::function<void()> wake) {
  return impl_->hub().Subscribe(job_id, std::move(wake));
}

absl::StatusOr<std::vector<std::string>> JobManager::UsersOfDataset(std::string_view name) const {
  return impl_->UsersOf([name](const store::Reader& reader, const v1::JobSpec& spec) {
    if (spec.index().dataset() == name || spec.split().dataset() == name || spec.train().dataset() == name ||
        spec.evaluate().dataset() == name || spec.extract().dataset() == name || spec.clean().dataset() == name ||
        spec.clean().output() == name || spec.visualize().dataset() == name || spec.explain().dataset() == name) {
      return true;
    }
    // A map of features shows their dataset's pictures.
    if (spec.explore().features().empty()) return false;
    const absl::StatusOr<v1::FeatureSet> features = reader.GetFeatures(spec.explore().features());
    return features.ok() && features->dataset() == name;
  });
}

absl::StatusOr<std::vector<std::string>> JobManager::UsersOfModel(std::string_view name) const {
  const auto names = [name](const std::string& reference) { return std::string_view(reference).substr(0, reference.find(':')) == name; };
  return impl_->UsersOf([name, names](const store::Reader& reader, const v1::JobSpec& spec) {
    if (names(spec.train().model()) || names(spec.train().initial_model()) || names(spec.train().weights()) ||
        names(spec.evaluate().model()) || names(spec.import_model().model()) || names(spec.extract().model()) ||
        names(spec.edit_model().model()) || names(spec.edit_model().output()) || names(spec.export_().model()) ||
        names(spec.explain().model()) || names(spec.maximize().model())) {
      return true;
    }
    // A model trained on features has the layers that made them; uploaded images are compared with features after going through them too.
    const std::string& made = spec.has_explore() ? spec.explore().features() : spec.train().features();
    if (made.empty()) return false;
    const absl::StatusOr<v1::FeatureSet> features = reader.GetFeatures(made);
    return features.ok() && features->model() == name;
  });
}

absl::StatusOr<std::vector<std::string>> JobManager::UsersOfFeatures(std::string_view name) const {
  return impl_->UsersOf([name](const store::Reader&, const v1::JobSpec& spec) {
    return spec.extract().features() == name || spec.train().features() == name || spec.train().val_features() == name ||
           spec.export_().features() == name || spec.explore().features() == name;
  });
}

void JobManager::Claim(const std::string& slot, const v1::ExecutionProfile& profile, Done<std::optional<v1::Assignment>> done) {
  impl_->Claim(slot, profile, std::move(done));
}
void JobManager::Started(const v1::Attempt& attempt, Done<bool> done) { impl_->Started(attempt, std::move(done)); }
void JobManager::AppendEvent(const v1::Attempt& attempt, const v1::TaskEvent& event, Done<bool> done) {
  impl_->AppendEvent(attempt, event, std::move(done));
}
void JobManager::Checkpointed(const v1::Attempt& attempt, int64_t mark, Done<bool> done) {
  impl_->Checkpointed(attempt, mark, std::move(done));
}
void JobManager::ReportProgress(const v1::Attempt& attempt, const v1::Progress& progress) { impl_->ReportProgress(attempt, progress); }
void JobManager::Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done) {
  impl_->Finish(attempt, finished, std::move(done));
}
void JobManager::Lost(const v1::Attempt& attempt, const Loss& loss, Done<bool> done) { impl_->Lost(attempt, loss, std::move(done)); }
JobManager::AttemptState JobManager::StateOf(const v1::Attempt& attempt) const { return impl_->live().StateOf(attempt); }

void JobManager::SetWakeups(std::function<void()> runnable, std::function<void(const v1::Attempt&)> cancel_requested) {
  impl_->SetWakeups(std::move(runnable), std::move(cancel_requested));
}
MonotonicTime JobManager::Tick() { return impl_->Tick(); }
void JobManager::SetDraining(bool draining) { impl_->SetDraining(draining); }
bool JobManager::draining() const { return impl_->draining(); }
std::vector<std::pair<v1::JobState, int64_t>> JobManager::CountByState() const { return impl_->live().CountByState(); }

// --- What the parts of the inside share.

JobManager::Impl::Impl(store::Store* store, const store::DataLayout* layout, const Clock* clock, JobObserver* observer,
                       JobManagerOptions options)
    : store_(*store),
      layout_(*layout),
      clock_(*clock),
      observer_(observer),
      options_(std::move(options)),
      retry_policy_(RetryPolicyOf(options_)) {
  if (options_.executor) return;
  file_thread_ = std::make_unique<ThreadPool>(1);
  path_thread_ = std::make_unique<ThreadPool>(1);
}

JobManager::Impl::~Impl() { SetWakeups(nullptr, nullptr); }

void JobManager::Impl::RunFileWork(std::function<void()> work) {
  auto held = [work = std::move(work), hold = pending_.Hold()] { work(); };
  file_thread_ ? file_thread_->Schedule(std::move(held)) : options_.executor(std::move(held));
}

void JobManager::Impl::RunPathWork(std::function<void()> work) {
  auto held = [work = std::move(work), hold = pending_.Hold()] { work(); };
  path_thread_ ? path_thread_->Schedule(std::move(held)) : options_.executor(std::move(held));
}

void JobManager::Impl::Announce(const std::vector<Change>& changes) {
  const MonotonicTime now = clock_.Monotonic();
  for (const Change& change : changes) live_.Apply(change, now);
  bool runnable = false;
  std::vector<v1::Attempt> to_cancel;
  for (const Change& change : changes) {
    if (change.event) hub_.Wake(JobId(change.job));
    Observe(change);
    ClearFiles(change);
    if (IsTransition(change) && change.job.state == v1::JOB_STATE_PENDING) runnable = true;
    if (!change.event && IsHeld(change.job.state) && change.job.cancel != v1::REASON_UNSPECIFIED) {
      to_cancel.emplace_back().set_job_id(JobId(change.job));
      to_cancel.back().set_epoch(change.job.epoch);
    }
  }
  Wake(runnable, to_cancel);
}

void JobManager::Impl::Observe(const Change& change) {
  if (observer_ == nullptr || !change.event) return;
  if (IsTransition(change)) {
    observer_->OnTransition(ViewOf(change.job), change.from, change.event->state());
  } else {
    observer_->OnEvent(JobId(change.job), change.job.worker, *change.event);
  }
}

void JobManager::Impl::ClearFiles(const Change& change) {
  if (!IsTransition(change) || change.job.epoch == 0) return;
  const std::string id = JobId(change.job);
  if (IsTerminal(change.job.state)) {
    RunFileWork([this, id, job = change.job] {
      if (job.state != v1::JOB_STATE_SUCCEEDED) DiscardOutput(layout_, job);
      ForgetJob(layout_, id);
    });
  } else if (IsHeld(change.from) && !IsHeld(change.job.state)) {
    RunFileWork([this, id, epoch = change.job.epoch] { ForgetAttempt(layout_, id, epoch); });
  }
}

void JobManager::Impl::SetWakeups(std::function<void()> runnable, std::function<void(const v1::Attempt&)> cancel_requested) {
  MutexLock lock(&wakeups_mutex_);
  runnable_ = std::move(runnable);
  cancel_requested_ = std::move(cancel_requested);
}

void JobManager::Impl::Wake(bool runnable, const std::vector<v1::Attempt>& to_cancel) {
  std::function<void()> runnable_now;
  std::function<void(const v1::Attempt&)> cancel_now;
  {
    MutexLock lock(&wakeups_mutex_);
    if (runnable) runnable_now = runnable_;
    cancel_now = cancel_requested_;
  }
  if (runnable_now) runnable_now();
  if (!cancel_now) return;
  for (const v1::Attempt& attempt : to_cancel) cancel_now(attempt);
}

void JobManager::Impl::SetDraining(bool draining) {
  draining_ = draining;
  if (!draining) Wake(true, {});
}

}  // namespace seedbed::jobs
