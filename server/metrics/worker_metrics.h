// What is measured of worker processes.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "prometheus/registry.h"
#include "server/workers/worker_pool.h"

namespace seedbed::metrics {

// Thread-safe. Follows the pool as its observer.
class WorkerMetrics final : public workers::WorkerObserver {
 public:
  // Slots are the only worker labels there will be.
  WorkerMetrics(prometheus::Registry* registry, const std::vector<std::string>& worker_slots);

  void OnWorkerState(const v1::Worker& worker) override ABSL_LOCKS_EXCLUDED(mutex_);

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
