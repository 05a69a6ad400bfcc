// A worker program without LibTorch: the real conversation, and a task that a test conducts through files in the job's folder.
//
// The task of an index job emits the events step/1 to step/20, one each few milliseconds, with a checkpoint after each, and then waits for
// the file "finish". A file "crash" makes it remove the file and kill itself.
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "seedbed/v1/dataset.pb.h"
#include "server/log/log.h"
#include "server/worker/run_worker.h"
#include "server/worker/runtime.h"
#include "server/worker/worker_options.h"
#include "server/workers/worker_contract.h"

namespace {

using seedbed::worker::TaskOutput;
namespace tasks = seedbed::tasks;
namespace v1 = seedbed::v1;

constexpr int kSteps = 20;

absl::StatusOr<TaskOutput> Work(const v1::Assignment& assignment, tasks::TaskContext& context) {
  const std::filesystem::path folder = assignment.spec().index().root();
  for (int step = 1; step <= kSteps || !std::filesystem::exists(folder / "finish"); ++step) {
    if (context.cancelled()) return absl::CancelledError("stopped");
    if (std::filesystem::remove(folder / "crash")) ::raise(SIGKILL);
    if (step <= kSteps) {
      context.Emit({.key = "step/" + std::to_string(step), .payload = tasks::LogLine{"step " + std::to_string(step)}});
      context.Checkpointed(step);
    }
    context.Report({.phase = "steps", .done = step, .total = kSteps, .unit = "steps", .rate = 0});
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  SB_RETURN_IF_ERROR(seedbed::PublishFile(context.paths().output_dir / "manifest.tsv", "path\tlabel\n"));
  TaskOutput output;
  output.result.mutable_index()->set_images(kSteps);
  v1::Dataset record;
  record.set_images(kSteps);
  output.record = record.SerializeAsString();
  return output;
}

}  // namespace

int main(int argc, char** argv) {
  seedbed::worker::PrepareSignals();
  const auto parsed = seedbed::worker::ParseWorkerOptions(argc, argv);
  const auto* options = std::get_if<seedbed::worker::WorkerOptions>(&parsed);
  const char* token = std::getenv(seedbed::workers::kTokenVariable);
  if (options == nullptr || token == nullptr) return seedbed::workers::kExitUsage;
  seedbed::worker::AgentOptions agent;
  agent.slot = options->slot;
  agent.token = token;
  agent.profile = seedbed::worker::ProfileOf(options->device, options->threads);
  int code = 0;
  {
    seedbed::log::Logger log({.level = seedbed::log::Level::kError});
    code = seedbed::worker::RunWorker(agent, options->server, Work, &log);
  }
  std::_Exit(code);
}
