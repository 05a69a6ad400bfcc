// What is measured of RPCs. Knows nothing of gRPC: codes are its canonical numbers.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace seedbed::metrics {

// Thread-safe.
class RpcMetrics {
 public:
  static constexpr int kCodes = 17;

  // The series of one method.
  class Method {
   public:
    const std::string& name() const { return name_; }
    void Started() { in_flight_->Increment(); }
    // `code` is 0 to 16; anything else counts as UNKNOWN.
    void Finished(int code, std::chrono::nanoseconds duration);

   private:
    friend class RpcMetrics;
    std::string name_;
    std::array<prometheus::Counter*, kCodes> requests_{};
    prometheus::Histogram* duration_ = nullptr;
    prometheus::Gauge* in_flight_ = nullptr;
  };

  // `methods` are the only method labels there will be, such as "JobService/SubmitJob".
  RpcMetrics(prometheus::Registry* registry, const std::vector<std::string>& methods);

  // Of a method named at construction; nullptr for any other.
  Method* Find(std::string_view name);

  void WatcherStarted() { watchers_->Increment(); }
  void WatcherEnded() { watchers_->Decrement(); }

 private:
  std::map<std::string, Method, std::less<>> methods_;  // constant after construction
  prometheus::Gauge* watchers_;
};

}  // namespace seedbed::metrics
