// The gRPC server: the public services on a loopback TCP port and on a UNIX socket, the worker protocol, health and reflection.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "seedbed/v1/admin.pb.h"
#include "server/jobs/job_manager.h"
#include "server/log/log.h"
#include "server/metrics/rpc_metrics.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"
#include "server/workers/worker_pool.h"

namespace seedbed::api {

// What the services work on. Nothing is owned; all outlive the server.
struct Backend {
  jobs::JobManager* jobs = nullptr;
  store::Store* store = nullptr;
  const store::DataLayout* layout = nullptr;
  workers::WorkerPool* workers = nullptr;
  metrics::RpcMetrics* metrics = nullptr;  // knows AllMethods()
  log::Logger* logger = nullptr;
};

struct ApiServerOptions {
  std::string host = "127.0.0.1";  // loopback: connections are not encrypted
  int port = 0;                    // 0: any free one
  int max_message_bytes = 64 << 20;
  int64_t min_free_bytes = 0;  // uploads beyond are refused
  // Version, revision, start time, data root and metrics address, for GetServerInfo.
  v1::GetServerInfoResponse identity;
};

// Thread-safe. One per data root: the caller holds its lock, since a second server would silently take over the socket.
class ApiServer {
 public:
  // Listens at once; answers health checks with NOT_SERVING until SetServing(true). UNAVAILABLE when the port is taken, INVALID_ARGUMENT
  // when the socket's path is longer than the system's 107 characters.
  static absl::StatusOr<std::unique_ptr<ApiServer>> Start(const ApiServerOptions& options, const Backend& backend);
  // Stop() with no grace, unless it was called.
  ~ApiServer();

  int port() const { return port_; }
  // HOST:PORT.
  const std::string& address() const { return address_; }

  // Of the whole server ("") and each service, in grpc.health.v1.
  void SetServing(bool serving);

  // Ends the watchers' streams with the number to resume from, refuses new calls, waits up to `grace` for the running ones and cancels the
  // rest. The workers' streams must have been ended before.
  void Stop(std::chrono::milliseconds grace);

  // Calls that have not ended, such as "JobService/WatchJob: 3".
  std::vector<std::string> Unfinished() const;

 private:
  struct Parts;
  ApiServer();

  const std::unique_ptr<Parts> parts_;
  int port_ = 0;
  std::string address_;
};

}  // namespace seedbed::api
