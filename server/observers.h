// Everything that follows jobs and workers: metrics, the operator's log, and the ticker.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/base/mutex.h"
#include "server/jobs/job_manager.h"
#include "server/log/log.h"
#include "server/metrics/server_metrics.h"
#include "server/ticker.h"
#include "server/workers/worker_pool.h"

namespace seedbed {

// Thread-safe.
class Observers final : public jobs::JobObserver, public workers::WorkerObserver {
 public:
  // Nothing is owned.
  Observers(metrics::ServerMetrics* metrics, log::Logger* logger, Ticker* ticker) : metrics_(metrics), logger_(logger), ticker_(ticker) {}

  void OnTransition(const v1::Job& job, v1::JobState from, const v1::StateChange& change) override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnEvent(std::string_view job_id, std::string_view worker_slot, const v1::Event& event) override;
  void OnWorkerState(const v1::Worker& worker) override ABSL_LOCKS_EXCLUDED(mutex_);

  // Why the last job that failed did; empty when none has.
  std::string last_failure() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  metrics::ServerMetrics* const metrics_;
  log::Logger* const logger_;
  Ticker* const ticker_;

  mutable Mutex mutex_;
  std::string last_failure_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, v1::WorkerState> worker_states_ ABSL_GUARDED_BY(mutex_);  // by slot
};

}  // namespace seedbed
