// What is measured of worker processes.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "prometheus/registry.h"
#include "seedbed/v1/admin.pb.h"

namespace seedbed::metrics {

// Thread-safe.
class WorkerMetrics {
 public:
  // Slots are the only worker labels there will be.
  WorkerMetrics(prometheus::Registry* registry, const std::vector<std::string>& worker_slots);

  // After each change of a worker's state, restarts included.
  void OnWorkerState(const v1::Worker& worker) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct SlotState {
    prometheus::Gauge* up;
    prometheus::Counter* restarts;
    v1::WorkerState state = v1::WORKER_STATE_UNSPECIFIED;
    int32_t counted_restarts = 0;
  };

  std::array<prometheus::Gauge*, v1::WorkerState_ARRAYSIZE> by_state_{};  // constant after construction; null for UNSPECIFIED

  Mutex mutex_;
  std::map<std::string, SlotState, std::less<>> slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::metrics
