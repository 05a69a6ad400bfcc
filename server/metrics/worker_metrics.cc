#include "server/metrics/worker_metrics.h"

#include "absl/strings/ascii.h"
#include "server/metrics/families.h"

namespace seedbed::metrics {

WorkerMetrics::WorkerMetrics(prometheus::Registry* registry, const std::vector<std::string>& worker_slots) {
  auto& workers = AddGauges(*registry, "seedbed_workers", "Worker slots by state");
  for (int s = v1::WORKER_STATE_UNSPECIFIED + 1; s < v1::WorkerState_ARRAYSIZE; ++s) {
    const std::string name = v1::WorkerState_Name(static_cast<v1::WorkerState>(s)).substr(std::string_view("WORKER_STATE_").size());
    by_state_[static_cast<size_t>(s)] = &workers.Add({{"state", absl::AsciiStrToLower(name)}});
  }
  auto& up = AddGauges(*registry, "seedbed_worker_up", "1 while a worker process is attached to the slot");
  auto& restarts = AddCounters(*registry, "seedbed_worker_restarts_total", "Times the slot's process was started again after it ended");
  MutexLock lock(&mutex_);
  for (const std::string& slot : worker_slots) {
    slots_[slot] = {.up = &up.Add({{"worker", slot}}), .restarts = &restarts.Add({{"worker", slot}})};
  }
}

void WorkerMetrics::OnWorkerState(const v1::Worker& worker) {
  if (worker.state() <= 0 || worker.state() >= v1::WorkerState_ARRAYSIZE) return;
  MutexLock lock(&mutex_);
  const auto it = slots_.find(worker.slot());
  if (it == slots_.end()) return;
  SlotState& slot = it->second;
  if (slot.state != v1::WORKER_STATE_UNSPECIFIED) by_state_[static_cast<size_t>(slot.state)]->Decrement();
  slot.state = worker.state();
  by_state_[static_cast<size_t>(slot.state)]->Increment();
  slot.up->Set(slot.state == v1::WORKER_STATE_IDLE || slot.state == v1::WORKER_STATE_BUSY ? 1 : 0);
  if (worker.restarts() > slot.counted_restarts) {
    slot.restarts->Increment(worker.restarts() - slot.counted_restarts);
    slot.counted_restarts = worker.restarts();
  }
}

}  // namespace seedbed::metrics
