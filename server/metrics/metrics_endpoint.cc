#include "server/metrics/metrics_endpoint.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "prometheus/exposer.h"

namespace seedbed::metrics {
namespace {

constexpr size_t kThreads = 1;  // one scraper; others wait their turn

// As the HTTP server wants it: it takes no host names.
std::string BindAddress(const std::string& host, int port) {
  if (host == "localhost") return absl::StrCat("127.0.0.1:", port);
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& host, int port, const ServerMetrics& metrics) {
  const std::string address = BindAddress(host, port);
  try {
    auto exposer = std::make_unique<prometheus::Exposer>(address, kThreads);
    for (const auto& collectable : metrics.Collectables()) exposer->RegisterCollectable(collectable);
    const std::vector<int> ports = exposer->GetListeningPorts();
    if (ports.empty()) return absl::InternalError(absl::StrCat("the metrics server has no port at ", address));
    return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::move(exposer), ports.front()));
  } catch (const std::exception& error) {
    return absl::UnavailableError(
        absl::StrCat("cannot serve metrics at ", address, ": ", error.what(),
                     "; the port may be taken: choose another with --metrics, or turn metrics off with --metrics ''"));
  }
}

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer, int port) : exposer_(std::move(exposer)), port_(port) {}
MetricsEndpoint::~MetricsEndpoint() = default;

}  // namespace seedbed::metrics
