#include "server/metrics/job_metrics.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "google/protobuf/util/time_util.h"
#include "server/metrics/families.h"

namespace seedbed::metrics {
namespace {

using ::google::protobuf::util::TimeUtil;

constexpr v1::JobState kTerminal[] = {v1::JOB_STATE_SUCCEEDED, v1::JOB_STATE_FAILED, v1::JOB_STATE_CANCELLED};

// "JOB_KIND_TRAIN" -> "train".
std::string Label(const std::string& enum_name, std::string_view prefix) { return absl::AsciiStrToLower(enum_name.substr(prefix.size())); }

std::string LabelOf(v1::JobKind kind) { return Label(v1::JobKind_Name(kind), "JOB_KIND_"); }
std::string LabelOf(v1::JobState state) { return Label(v1::JobState_Name(state), "JOB_STATE_"); }

// Entry of a table by enum value; null for a value that the table does not have.
template <typename T, size_t n>
T* At(const std::array<T*, n>& table, int index) {
  return index >= 0 && static_cast<size_t>(index) < n ? table[static_cast<size_t>(index)] : nullptr;
}

}  // namespace

JobMetrics::JobMetrics(prometheus::Registry* registry, const Clock* clock, const std::vector<std::string>& worker_slots) : clock_(clock) {
  AddJobFamilies(*registry);
  AddTrainingFamilies(*registry, worker_slots);
}

void JobMetrics::AddJobFamilies(prometheus::Registry& registry) {
  auto& jobs = AddGauges(registry, "seedbed_jobs", "Jobs by kind and state");
  auto& finished = AddCounters(registry, "seedbed_jobs_finished_total", "Jobs that ended since the server started");
  auto& duration = AddHistograms(registry, "seedbed_job_duration_seconds", "From a job's first start to its end");
  auto& queue_wait = AddHistograms(registry, "seedbed_job_queue_wait_seconds", "From a job's being ready to run to its assignment");
  for (int k = v1::JOB_KIND_UNSPECIFIED + 1; k < kKinds; ++k) {
    const std::string kind = LabelOf(static_cast<v1::JobKind>(k));
    const auto row = static_cast<size_t>(k);
    for (int s = v1::JOB_STATE_UNSPECIFIED + 1; s < kStates; ++s) {
      jobs_[row][static_cast<size_t>(s)] = &jobs.Add({{"kind", kind}, {"state", LabelOf(static_cast<v1::JobState>(s))}});
    }
    for (const v1::JobState outcome : kTerminal) {
      finished_[row][outcome] = &finished.Add({{"kind", kind}, {"outcome", LabelOf(outcome)}});
    }
    duration_[row] = &duration.Add({{"kind", kind}}, JobBuckets());
    queue_wait_[row] = &queue_wait.Add({{"kind", kind}}, JobBuckets());
  }
  events_ = &AddCounters(registry, "seedbed_events_appended_total", "Events stored in the logs of jobs").Add({});
}

void JobMetrics::AddTrainingFamilies(prometheus::Registry& registry, const std::vector<std::string>& worker_slots) {
  epochs_ = &AddCounters(registry, "seedbed_training_epochs_total", "Training epochs completed").Add({});
  auto& images = AddCounters(registry, "seedbed_training_images_total", "Images that completed epochs have seen");
  train_images_ = &images.Add({{"phase", "train"}});
  validation_images_ = &images.Add({{"phase", "validation"}});
  auto& loss = AddGauges(registry, "seedbed_worker_loss", "Training loss of the last epoch that the worker completed");
  auto& accuracy = AddGauges(registry, "seedbed_worker_accuracy_ratio", "Training accuracy of the last epoch that the worker completed");
  auto& epoch = AddGauges(registry, "seedbed_worker_epoch", "Number of the last epoch that the worker completed");
  for (const std::string& slot : worker_slots) {
    slots_[slot] = {&loss.Add({{"worker", slot}}), &accuracy.Add({{"worker", slot}}), &epoch.Add({{"worker", slot}})};
  }
}

void JobMetrics::SetCount(v1::JobKind kind, v1::JobState state, int64_t jobs) {
  if (kind <= 0 || kind >= kKinds) return;
  if (prometheus::Gauge* gauge = At(jobs_[static_cast<size_t>(kind)], state)) gauge->Set(static_cast<double>(jobs));
}

void JobMetrics::OnTransition(const v1::Job& job, v1::JobState from, const v1::StateChange& change) {
  if (job.kind() <= 0 || job.kind() >= kKinds) return;
  const auto kind = static_cast<size_t>(job.kind());
  if (prometheus::Gauge* gauge = At(jobs_[kind], from)) gauge->Decrement();
  if (prometheus::Gauge* gauge = At(jobs_[kind], change.state())) gauge->Increment();
  events_->Increment();  // each transition is one
  RecordWait(job, from, change.state());
  if (prometheus::Counter* finished = At(finished_[kind], change.state())) {
    finished->Increment();
    if (job.has_start_time() && job.has_end_time()) {
      duration_[kind]->Observe(static_cast<double>(TimeUtil::DurationToMicroseconds(job.end_time() - job.start_time())) * 1e-6);
    }
  }
}

void JobMetrics::RecordWait(const v1::Job& job, v1::JobState from, v1::JobState to) {
  const MonotonicTime now = clock_->Monotonic();
  double seconds = 0;
  {
    MutexLock lock(&mutex_);
    if (to == v1::JOB_STATE_PENDING) pending_since_[job.id()] = now;
    if (from != v1::JOB_STATE_PENDING) return;
    const auto it = pending_since_.find(job.id());
    if (it != pending_since_.end()) {
      seconds = std::chrono::duration<double>(now - it->second).count();
      pending_since_.erase(it);
    } else {  // it was pending when this server started
      seconds = static_cast<double>(clock_->WallMicros() - TimeUtil::TimestampToMicroseconds(job.create_time())) * 1e-6;
    }
  }
  if (to == v1::JOB_STATE_ASSIGNED) queue_wait_[static_cast<size_t>(job.kind())]->Observe(std::max(seconds, 0.0));
}

void JobMetrics::OnEvent(std::string_view, std::string_view worker_slot, const v1::Event& event) {
  events_->Increment();
  if (event.has_epoch()) RecordEpoch(worker_slot, event.epoch());
}

void JobMetrics::RecordEpoch(std::string_view worker_slot, const v1::EpochMetrics& metrics) {
  epochs_->Increment();
  train_images_->Increment(static_cast<double>(metrics.images()));
  validation_images_->Increment(static_cast<double>(metrics.val_images()));
  const auto slot = slots_.find(worker_slot);
  if (slot == slots_.end()) return;
  slot->second.loss->Set(metrics.loss());
  slot->second.accuracy->Set(metrics.accuracy());
  slot->second.epoch->Set(metrics.epoch());
}

}  // namespace seedbed::metrics
