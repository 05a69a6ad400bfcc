#include "server/metrics/metrics_endpoint.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <chrono>
#include <exception>
#include <future>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "prometheus/exposer.h"

namespace seedbed::metrics {
namespace {

constexpr size_t kThreads = 1;  // one scraper; others wait their turn

bool IsIpv6(const std::string& host) { return host.find(':') != std::string::npos; }

// A connection that says nothing: it wakes the HTTP server's listener.
void Knock(const std::string& host, int port) {
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port)), .sin_addr = {}, .sin_zero = {}};
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  const bool is_ipv6 = IsIpv6(host);
  ::inet_pton(is_ipv6 ? AF_INET6 : AF_INET, host.c_str(), is_ipv6 ? static_cast<void*>(&v6.sin6_addr) : &v4.sin_addr);
  const UniqueFd fd(::socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* address = is_ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  // Whether anyone answers is not our concern.
  (void)::connect(fd.get(), address, is_ipv6 ? sizeof(v6) : sizeof(v4));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& host, int port, const ServerMetrics& metrics) {
  const std::string numeric = host == "localhost" ? "127.0.0.1" : host;  // the HTTP server takes no names
  const std::string address = IsIpv6(numeric) ? absl::StrCat("[", numeric, "]:", port) : absl::StrCat(numeric, ":", port);
  try {
    auto exposer = std::make_unique<prometheus::Exposer>(address, kThreads);
    for (const auto& collectable : metrics.Collectables()) exposer->RegisterCollectable(collectable);
    const std::vector<int> ports = exposer->GetListeningPorts();
    if (ports.empty()) return absl::InternalError(absl::StrCat("the metrics server has no port at ", address));
    return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::move(exposer), numeric, ports.front()));
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("cannot serve metrics at ", address, ": ", error.what(),
                                               "; the port may be taken: choose another with --metrics, or none with --metrics ''"));
  }
}

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer, std::string host, int port)
    : exposer_(std::move(exposer)), host_(std::move(host)), port_(port) {}

MetricsEndpoint::~MetricsEndpoint() {
  // The listener looks up from its sleep only every two seconds, which is too long for a server that is told to stop.
  const std::future<void> stopped = std::async(std::launch::async, [this] { exposer_.reset(); });
  do {
    Knock(host_, port_);
  } while (stopped.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready);
}

}  // namespace seedbed::metrics
