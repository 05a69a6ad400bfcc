// What is measured of jobs and their events.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "prometheus/registry.h"
#include "server/jobs/job_manager.h"

namespace seedbed::metrics {

// Thread-safe. Follows the manager as its observer.
class JobMetrics final : public jobs::JobObserver {
 public:
  // Slots are the only worker labels there will be. Neither pointer is owned; both outlive the object.
  JobMetrics(prometheus::Registry* registry, const Clock* clock, const std::vector<std::string>& worker_slots);

  // Jobs that were there before this server started. Before the first transition.
  void SetCount(v1::JobKind kind, v1::JobState state, int64_t jobs);

  void OnTransition(const v1::Job& job, v1::JobState from, const v1::StateChange& change) override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnEvent(std::string_view job_id, std::string_view worker_slot, const v1::Event& event) override;

 private:
  static constexpr int kKinds = v1::JobKind_ARRAYSIZE;
  static constexpr int kStates = v1::JobState_ARRAYSIZE;
  struct SlotGauges {
    prometheus::Gauge* loss;
    prometheus::Gauge* accuracy;
    prometheus::Gauge* epoch;
  };

  void AddJobFamilies(prometheus::Registry& registry);
  void AddTrainingFamilies(prometheus::Registry& registry, const std::vector<std::string>& worker_slots);
  void RecordEpoch(std::string_view worker_slot, const v1::EpochMetrics& metrics);
  // Seconds the job waited for a worker, when this change ended its waiting.
  void RecordWait(const v1::Job& job, v1::JobState from, v1::JobState to) ABSL_LOCKS_EXCLUDED(mutex_);

  const Clock* const clock_;
  // By kind and state; null for UNSPECIFIED. Constant after construction, as are the others.
  std::array<std::array<prometheus::Gauge*, kStates>, kKinds> jobs_{};
  std::array<std::array<prometheus::Counter*, kStates>, kKinds> finished_{};
  std::array<prometheus::Histogram*, kKinds> duration_{};
  std::array<prometheus::Histogram*, kKinds> queue_wait_{};
  std::map<std::string, SlotGauges, std::less<>> slots_;
  prometheus::Counter* epochs_ = nullptr;
  prometheus::Counter* train_images_ = nullptr;
  prometheus::Counter* validation_images_ = nullptr;
  prometheus::Counter* events_ = nullptr;

  Mutex mutex_;
  std::map<std::string, MonotonicTime> pending_since_ ABSL_GUARDED_BY(mutex_);  // of PENDING jobs
};

}  // namespace seedbed::metrics
