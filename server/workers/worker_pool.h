// The worker processes of this machine: starts them, talks to them over WorkerService.Attach, watches their leases, restarts them, and
// hands them jobs.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "seedbed/v1/admin.pb.h"
#include "server/jobs/job_manager.h"
#include "server/store/data_layout.h"

namespace grpc {
class Service;
}

namespace seedbed::workers {

// A place for one worker process: (device, role).
struct Slot {
  std::string name;    // "jobs-cpu", "jobs-cuda0"
  std::string device;  // "cpu", "cuda:0"
};

// Slots for --devices: "auto" (one per visible NVIDIA GPU, else cpu), "cpu", "none", "cuda:0,1". INVALID_ARGUMENT says what is accepted.
absl::StatusOr<std::vector<Slot>> SlotsForDevices(std::string_view devices);

// Called on any thread; must not block.
class WorkerObserver {
 public:
  virtual ~WorkerObserver() = default;
  virtual void OnWorkerState(const v1::Worker& worker) = 0;  // after each change, restarts included
};

struct WorkerPoolOptions {
  std::vector<Slot> slots;
  std::filesystem::path program;  // seedbed-worker
  std::string server_address;     // "unix:/.../seedbedd.sock"
  std::chrono::milliseconds lease{15'000};
  int threads = 0;  // compute threads per worker; 0: all cores
  uint64_t cache_max_bytes = 0;
  std::chrono::milliseconds restart_backoff{500};  // first; doubles up to a minute, reset by 30 s of health
};

// Thread-safe. Nothing passed in is owned; all outlive the pool.
class WorkerPool {
 public:
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Create(WorkerPoolOptions options, const store::DataLayout* layout,
                                                            jobs::JobManager* jobs, const Clock* clock, WorkerObserver* observer);
  // Without Stop the workers are left alive, as if the server had been killed: the next one adopts them. Outlives the gRPC server that
  // service() is registered with.
  virtual ~WorkerPool() = default;

  // The gRPC service to register on the UNIX socket's server, before Start().
  virtual grpc::Service* service() = 0;
  // Starts a process for each slot that no living worker of an earlier server holds; those are awaited for a lease, adopted when they
  // attach, and their attempts given up when they do not. Call after the server listens.
  virtual absl::Status Start(const std::vector<jobs::RecoveryReport::Held>& held) = 0;
  virtual std::vector<v1::Worker> List() const = 0;
  // Asks every worker to checkpoint and exit, waits up to `grace`, kills what is left, closes every stream. Nothing is started afterwards.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace seedbed::workers
