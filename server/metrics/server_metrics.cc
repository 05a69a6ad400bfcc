#include "server/metrics/server_metrics.h"

#include "core/base/mutex.h"
#include "server/metrics/families.h"

namespace seedbed::metrics {

// Gauges that are read when someone looks.
class ServerMetrics::DiskMetrics final : public prometheus::Collectable {
 public:
  void Set(std::function<int64_t()> store_bytes, std::function<int64_t()> free_bytes) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    store_bytes_ = std::move(store_bytes);
    free_bytes_ = std::move(free_bytes);
  }

  // Under the lock, so that a source that was forgotten is not being called any more.
  std::vector<prometheus::MetricFamily> Collect() const override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    std::vector<prometheus::MetricFamily> families;
    Add("seedbed_store_bytes", "Size of the database and its log", {}, store_bytes_, &families);
    Add("seedbed_disk_free_bytes", "Bytes that can still be written to the volume", {{"volume", "data_root"}}, free_bytes_, &families);
    return families;
  }

 private:
  static void Add(const char* name, const char* help, std::vector<prometheus::ClientMetric::Label> labels,
                  const std::function<int64_t()>& source, std::vector<prometheus::MetricFamily>* families) {
    const int64_t bytes = source ? source() : -1;
    if (bytes < 0) return;
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = static_cast<double>(bytes);
    families->push_back({name, help, prometheus::MetricType::Gauge, {std::move(metric)}});
  }

  mutable Mutex mutex_;
  std::function<int64_t()> store_bytes_ ABSL_GUARDED_BY(mutex_);
  std::function<int64_t()> free_bytes_ ABSL_GUARDED_BY(mutex_);
};

ServerMetrics::ServerMetrics(const ServerMetricsOptions& options, const Clock* clock)
    : disk_(std::make_shared<DiskMetrics>()),
      jobs_(registry_.get(), clock, options.worker_slots),
      workers_(registry_.get(), options.worker_slots),
      rpc_(registry_.get(), options.rpc_methods),
      commit_duration_(&AddHistograms(*registry_, "seedbed_store_commit_duration_seconds", "Durable commits of the database")
                            .Add({}, LatencyBuckets())) {
  AddGauges(*registry_, "seedbed_build_info", "Always 1; the labels tell the build")
      .Add({{"version", options.version}, {"revision", options.revision}})
      .Set(1);
}

ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::OnCommit(std::chrono::nanoseconds duration) {
  commit_duration_->Observe(std::chrono::duration<double>(duration).count());
}

void ServerMetrics::SetSources(std::function<int64_t()> store_bytes, std::function<int64_t()> free_bytes) {
  disk_->Set(std::move(store_bytes), std::move(free_bytes));
}

void ServerMetrics::ForgetSources() { disk_->Set(nullptr, nullptr); }

std::vector<std::weak_ptr<prometheus::Collectable>> ServerMetrics::Collectables() const { return {registry_, process_, disk_}; }

}  // namespace seedbed::metrics
