// The command line of seedbed-worker.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace seedbed::worker {

struct WorkerOptions {
  std::string slot;
  std::string device = "cpu";
  std::string server;            // "unix:/path"
  int lock_fd = -1;              // the slot's lock, inherited; -1: none
  int threads = 0;               // compute threads; 0: all cores that the process may use
  uint64_t cache_max_bytes = 0;  // 0: no bound
};

// The exit code instead when there is nothing to run: 0 after --help or --version (printed on stdout), kExitUsage for wrong usage (said on
// stderr).
std::variant<WorkerOptions, int> ParseWorkerOptions(int argc, const char* const* argv);

}  // namespace seedbed::worker
