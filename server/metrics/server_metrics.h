// Everything the server measures, in one registry of its own: no globals, so that servers in one process (tests) do not mix.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "prometheus/registry.h"
#include "server/metrics/job_metrics.h"
#include "server/metrics/process_metrics.h"
#include "server/metrics/rpc_metrics.h"
#include "server/metrics/worker_metrics.h"

namespace seedbed::metrics {

struct ServerMetricsOptions {
  std::string version;
  std::string revision;
  std::vector<std::string> worker_slots;  // the only values of the label "worker"
  std::vector<std::string> rpc_methods;   // the only values of the label "method", such as "JobService/SubmitJob"
};

// Thread-safe. Outlives everything that reports to it.
class ServerMetrics {
 public:
  // `clock` is not owned.
  ServerMetrics(const ServerMetricsOptions& options, const Clock* clock);
  ~ServerMetrics();

  JobMetrics& jobs() { return jobs_; }
  WorkerMetrics& workers() { return workers_; }
  RpcMetrics& rpc() { return rpc_; }

  // A commit of the store; its StoreOptions::on_commit.
  void OnCommit(std::chrono::nanoseconds duration);

  // Asked at each scrape; bytes, or a negative number when unknown. Each must stay callable until ForgetSources().
  void SetSources(std::function<int64_t()> store_bytes, std::function<int64_t()> free_bytes);
  void ForgetSources();

  // What /metrics shows. Held weakly by the exposer.
  std::vector<std::weak_ptr<prometheus::Collectable>> Collectables() const;

 private:
  class DiskMetrics;

  const std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  const std::shared_ptr<ProcessMetrics> process_ = std::make_shared<ProcessMetrics>();
  const std::shared_ptr<DiskMetrics> disk_;
  JobMetrics jobs_;
  WorkerMetrics workers_;
  RpcMetrics rpc_;
  prometheus::Histogram* const commit_duration_;
};

}  // namespace seedbed::metrics
