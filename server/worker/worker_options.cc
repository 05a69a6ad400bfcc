#include "server/worker/worker_options.h"

#include <CLI/CLI.hpp>

#include "core/base/version.h"
#include "server/workers/worker_contract.h"

namespace seedbed::worker {

std::variant<WorkerOptions, int> ParseWorkerOptions(int argc, const char* const* argv) {
  WorkerOptions options;
  std::string role;
  CLI::App app("Runs jobs for a Seedbed server. seedbedd starts it; there is no need to do it by hand.", "seedbed-worker");
  app.set_version_flag("--version", std::string(Version()));
  app.add_option("--role", role, "What it does: jobs")->required()->check(CLI::IsMember({"jobs"}));
  app.add_option("--slot", options.slot, "Place in the server that it fills, such as jobs-cpu")->required();
  app.add_option("--device", options.device, "cpu or cuda:N")->capture_default_str();
  app.add_option("--server", options.server, "Address of the server, such as unix:/run/seedbedd.sock")->required();
  app.add_option("--lock-fd", options.lock_fd, "Inherited descriptor that holds the slot's lock");
  app.add_option("--threads", options.threads, "Compute threads; 0: all cores")->check(CLI::Range(0, 1024))->capture_default_str();
  app.add_option("--cache-max-bytes", options.cache_max_bytes, "Bound of the decoded-image cache; 0: none")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(workers::kExitUsage);
  }
  return options;
}

}  // namespace seedbed::worker
