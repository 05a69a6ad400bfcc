// Starting and ending the workers' processes, as the supervisor sees it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/workers/worker_pool.h"

namespace seedbed::workers {

// How a process ends is told to Supervisor::OnProcessEnded, never from within one of these calls.
class ProcessHost {
 public:
  virtual ~ProcessHost() = default;
  // The living process that has the slot's lock, watched from now on; nullopt when the slot is free.
  virtual std::optional<pid_t> Adopt(const std::string& slot) = 0;
  // Starts a worker for the slot.
  virtual absl::StatusOr<pid_t> Start(const Slot& slot) = 0;
  // Sends a signal to a process that Adopt or Start named and that has not ended.
  virtual void Kill(pid_t pid, int signal) = 0;
};

}  // namespace seedbed::workers
