#include "server/jobs/live_jobs.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "server/jobs/job_names.h"
#include "server/jobs/state_machine.h"

namespace seedbed::jobs {
namespace {

// A back-off that begins after the call is noticed no later than this.
constexpr std::chrono::seconds kIdleTick{1};
// Until a job that was asked to stop has been marked so in the store, it is asked again.
constexpr std::chrono::seconds kRetryTick{1};

}  // namespace

void LiveJobs::Load(const std::vector<store::JobRow>& unfinished, const std::vector<std::pair<v1::JobState, int64_t>>& counts,
                    MonotonicTime now) {
  MutexLock lock(&mutex_);
  counts_.clear();
  for (int state = v1::JOB_STATE_WAITING; state <= v1::JOB_STATE_CANCELLED; ++state) counts_[static_cast<v1::JobState>(state)] = 0;
  for (const auto& [state, count] : counts) counts_[state] = count;
  jobs_.clear();
  for (const store::JobRow& job : unfinished) StoreLocked(job, now);
}

void LiveJobs::Apply(const Change& change, MonotonicTime now) {
  MutexLock lock(&mutex_);
  if (change.from != change.job.state) {
    if (change.from != v1::JOB_STATE_UNSPECIFIED) --counts_[change.from];
    ++counts_[change.job.state];
  }
  if (IsTerminal(change.job.state)) {
    jobs_.erase(JobId(change.job));
  } else {
    StoreLocked(change.job, now);
  }
}

void LiveJobs::StoreLocked(const store::JobRow& job, MonotonicTime now) {
  Entry& entry = jobs_[JobId(job)];
  if (job.state == v1::JOB_STATE_RUNNING && !entry.running_since) entry.running_since = now;
  if (job.state != v1::JOB_STATE_RUNNING) entry.running_since.reset();
  if (job.state != v1::JOB_STATE_PENDING) entry.held_back_until.reset();
  if (!IsHeld(job.state)) {
    entry.progress.reset();
    entry.preview.reset();
  }
  entry.state = job.state;
  entry.epoch = job.epoch;
  entry.cancel_requested = job.cancel != v1::REASON_UNSPECIFIED;
  entry.ran = std::chrono::microseconds(job.ran_micros);
  if (job.spec.has_timeout()) {
    entry.timeout = std::chrono::microseconds(google::protobuf::util::TimeUtil::DurationToMicroseconds(job.spec.timeout()));
  }
}

const LiveJobs::Entry* LiveJobs::FindLocked(const v1::Attempt& attempt) const {
  const auto found = jobs_.find(attempt.job_id());
  if (found == jobs_.end() || !IsHeld(found->second.state) || found->second.epoch != attempt.epoch()) return nullptr;
  return &found->second;
}

JobManager::AttemptState LiveJobs::StateOf(const v1::Attempt& attempt) const {
  MutexLock lock(&mutex_);
  const Entry* entry = FindLocked(attempt);
  if (entry == nullptr) return {};
  return {true, entry->cancel_requested};
}

std::vector<std::pair<v1::JobState, int64_t>> LiveJobs::CountByState() const {
  MutexLock lock(&mutex_);
  return {counts_.begin(), counts_.end()};
}

int64_t LiveJobs::Unfinished() const {
  MutexLock lock(&mutex_);
  return static_cast<int64_t>(jobs_.size());
}

bool LiveJobs::SetProgress(const v1::Attempt& attempt, v1::Event progress) {
  MutexLock lock(&mutex_);
  if (FindLocked(attempt) == nullptr) return false;
  Entry& entry = jobs_[attempt.job_id()];
  std::string preview = std::move(*progress.mutable_progress()->mutable_preview());
  progress.mutable_progress()->clear_preview();
  if (!preview.empty() && preview.size() <= kMaxPreviewBytes) entry.preview = std::make_shared<const std::string>(std::move(preview));
  entry.progress = std::move(progress);
  return true;
}

std::optional<v1::Event> LiveJobs::Progress(const std::string& job_id) const {
  MutexLock lock(&mutex_);
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? std::nullopt : found->second.progress;
}

std::shared_ptr<const std::string> LiveJobs::Preview(const std::string& job_id) const {
  MutexLock lock(&mutex_);
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? nullptr : found->second.preview;
}

void LiveJobs::HoldBack(const std::string& job_id, MonotonicTime time) {
  MutexLock lock(&mutex_);
  const auto found = jobs_.find(job_id);
  if (found != jobs_.end()) found->second.held_back_until = time;
}

bool LiveJobs::IsHeldBack(const std::string& job_id, MonotonicTime now) const {
  MutexLock lock(&mutex_);
  const auto found = jobs_.find(job_id);
  return found != jobs_.end() && found->second.held_back_until && *found->second.held_back_until > now;
}

std::chrono::microseconds LiveJobs::RunningTime(const std::string& job_id, MonotonicTime now) const {
  MutexLock lock(&mutex_);
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end() || !found->second.running_since) return std::chrono::microseconds(0);
  return std::chrono::duration_cast<std::chrono::microseconds>(now - *found->second.running_since);
}

LiveJobs::Due LiveJobs::TakeDue(MonotonicTime now) {
  MutexLock lock(&mutex_);
  Due due;
  due.next = now + kIdleTick;
  for (auto& [id, entry] : jobs_) {
    if (entry.held_back_until && *entry.held_back_until <= now) {
      entry.held_back_until.reset();
      due.runnable = true;
    }
    if (entry.held_back_until) due.next = std::min(due.next, *entry.held_back_until);
    if (!entry.timeout || !entry.running_since || entry.cancel_requested) continue;
    const MonotonicTime deadline = *entry.running_since + (*entry.timeout - entry.ran);
    if (deadline > now) {
      due.next = std::min(due.next, deadline);
      continue;
    }
    v1::Attempt& attempt = due.timed_out.emplace_back();
    attempt.set_job_id(id);
    attempt.set_epoch(entry.epoch);
    due.next = std::min<MonotonicTime>(due.next, now + kRetryTick);
  }
  return due;
}

}  // namespace seedbed::jobs
