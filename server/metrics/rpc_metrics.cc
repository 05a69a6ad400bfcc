#include "server/metrics/rpc_metrics.h"

#include "server/metrics/families.h"

namespace seedbed::metrics {
namespace {

constexpr const char* kCodeNames[RpcMetrics::kCodes] = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};
constexpr int kUnknown = 2;

}  // namespace

RpcMetrics::RpcMetrics(prometheus::Registry* registry, const std::vector<std::string>& methods) {
  auto& requests = AddCounters(*registry, "seedbed_rpc_requests_total", "RPCs that ended, by method and status code");
  auto& duration = AddHistograms(*registry, "seedbed_rpc_duration_seconds", "From an RPC's arrival to its end; streams included");
  prometheus::Gauge& in_flight = AddGauges(*registry, "seedbed_rpc_in_flight", "RPCs that have not ended").Add({});
  for (const std::string& name : methods) {
    Method& method = methods_[name];
    method.name_ = name;
    for (size_t code = 0; code < kCodes; ++code) {
      method.requests_[code] = &requests.Add({{"method", name}, {"code", kCodeNames[code]}});
    }
    method.duration_ = &duration.Add({{"method", name}}, LatencyBuckets());
    method.in_flight_ = &in_flight;
  }
  watchers_ = &AddGauges(*registry, "seedbed_watchers", "Streams that follow a job's events").Add({});
}

RpcMetrics::Method* RpcMetrics::Find(std::string_view name) {
  const auto it = methods_.find(name);
  return it == methods_.end() ? nullptr : &it->second;
}

void RpcMetrics::Method::Finished(int code, std::chrono::nanoseconds duration) {
  in_flight_->Decrement();
  requests_[static_cast<size_t>(0 <= code && code < kCodes ? code : kUnknown)]->Increment();
  duration_->Observe(std::chrono::duration<double>(duration).count());
}

}  // namespace seedbed::metrics
