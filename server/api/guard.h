// What every RPC goes through: it is counted and timed, its body runs on a pool thread and never in a gRPC reaction, and no exception of
// its body leaves it (gRPC would swallow it, and the call would hang).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/base/thread_pool.h"
#include "grpcpp/support/status.h"
#include "server/log/log.h"
#include "server/metrics/rpc_metrics.h"

namespace seedbed::api {

// Names of all methods of the public services and the worker protocol, such as "JobService/SubmitJob".
std::vector<std::string> AllMethods();

// Thread-safe. Outlives the gRPC server. The destructor runs what was posted.
class Guard {
 public:
  // Neither is owned. `metrics` knows AllMethods(). Threads serve reads of the store and of files: more than the store's readers.
  Guard(metrics::RpcMetrics* metrics, log::Logger* logger, size_t threads = 4);

  // One RPC. Begin at its arrival; End, once, with the status it is finished with.
  class Call {
   public:
    // `method` is of AllMethods().
    Call(Guard* guard, std::string_view method);
    void End(const absl::Status& status);
    Guard* guard() const { return guard_; }

   private:
    Guard* const guard_;
    metrics::RpcMetrics::Method* const method_;
    const std::chrono::steady_clock::time_point begin_;
  };

  // Runs `body` on a pool thread. `body` must not throw: use Protect inside.
  void Post(std::function<void()> body) { executor_.Schedule(std::move(body)); }

  // The body's status; INTERNAL, with a line in the log, when it throws.
  absl::Status Protect(const std::function<absl::Status()>& body);

  metrics::RpcMetrics* metrics() const { return metrics_; }

  // Calls that have not ended, by method, such as "JobService/WatchJob: 3". For the one who wonders why the server does not stop.
  std::vector<std::string> Unfinished() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  metrics::RpcMetrics* const metrics_;
  log::Logger* const logger_;

  mutable Mutex mutex_;
  std::map<std::string, int> unfinished_ ABSL_GUARDED_BY(mutex_);

  ThreadPool executor_;  // last: its tasks use the others
};

}  // namespace seedbed::api
