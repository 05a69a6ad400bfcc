// seedbed-worker: the process that decodes, trains and evaluates. It may die at any time; seedbedd starts it again.
#include <fcntl.h>

#include <cstdlib>
#include <string>
#include <variant>

#include "core/augment/opencv_threads.h"
#include "server/log/log.h"
#include "server/worker/run_task.h"
#include "server/worker/run_worker.h"
#include "server/worker/runtime.h"
#include "server/worker/worker_options.h"
#include "server/workers/worker_contract.h"

namespace {

using seedbed::worker::AgentOptions;
using seedbed::worker::WorkerOptions;

AgentOptions ToAgentOptions(const WorkerOptions& options, const char* token) {
  AgentOptions agent;
  agent.slot = options.slot;
  agent.token = token;
  agent.profile = seedbed::worker::ProfileOf(options.device, options.threads);
  agent.cache_max_bytes = options.cache_max_bytes;
  return agent;
}

int Run(const WorkerOptions& options) {
  // What goes well is in the server's log.
  seedbed::log::Logger log({.level = seedbed::log::Level::kWarning});
  const char* token = std::getenv(seedbed::workers::kTokenVariable);
  if (token == nullptr) {
    log.Error("no_token", {{"worker", options.slot}, {"message", "SEEDBED_WORKER_TOKEN is not set: workers are started by seedbedd"}});
    return seedbed::workers::kExitUsage;
  }
  // The slot's lock stays open as long as this process lives, but no child's.
  if (options.lock_fd >= 0) ::fcntl(options.lock_fd, F_SETFD, FD_CLOEXEC);
  return seedbed::worker::RunWorker(ToAgentOptions(options, token), options.server, seedbed::worker::RunTask, &log);
}

}  // namespace

int main(int argc, char** argv) {
  seedbed::worker::PrepareRuntime();
  seedbed::augment::KeepOpenCvOnCallingThread();
  seedbed::worker::PrepareSignals();
  const std::variant<WorkerOptions, int> options = seedbed::worker::ParseWorkerOptions(argc, argv);
  if (const int* exit_code = std::get_if<int>(&options)) return *exit_code;
  std::_Exit(Run(std::get<WorkerOptions>(options)));
}
