// GET /metrics, over HTTP on a port of its own.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/metrics/server_metrics.h"

namespace prometheus {
class Exposer;
}

namespace seedbed::metrics {

// Serves until destroyed. Thread-safe.
class MetricsEndpoint {
 public:
  // `host` is an address or "localhost"; port 0 takes a free one. UNAVAILABLE when the port cannot be had. `metrics` may die first.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& host, int port, const ServerMetrics& metrics);
  ~MetricsEndpoint();

  int port() const { return port_; }

 private:
  MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer, std::string host, int port);

  std::unique_ptr<prometheus::Exposer> exposer_;
  const std::string host_;
  const int port_;
};

}  // namespace seedbed::metrics
