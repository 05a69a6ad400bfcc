#include "server/workers/local_processes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/workers/worker_contract.h"

namespace seedbed::workers {
namespace {

// When memory runs out, a worker goes before the server and before the person's other programs.
constexpr int kOomScoreAdjustment = 500;

}  // namespace

LocalProcesses::LocalProcesses(const WorkerPoolOptions& options, std::string token, const store::DataLayout* layout, EventLoop* loop,
                               std::function<void(pid_t, const ProcessExit&)> ended)
    : options_(options), token_(std::move(token)), layout_(layout), loop_(loop), ended_(std::move(ended)) {}

std::optional<pid_t> LocalProcesses::Adopt(const std::string& slot) {
  const std::filesystem::path lock = layout_->slot_lock(slot);
  if (!absl::IsUnavailable(FileLock::TryAcquire(lock).status())) return std::nullopt;
  const absl::StatusOr<pid_t> holder = FindProcessWithOpenFile(lock);
  if (!holder.ok()) return std::nullopt;
  absl::StatusOr<Process> process = Process::Find(*holder);
  if (!process.ok()) return std::nullopt;  // it ended this moment
  return Watch(*std::move(process));
}

absl::StatusOr<pid_t> LocalProcesses::Start(const Slot& slot) {
  // Ours is closed when this returns: from then on the lock is the worker's alone.
  SB_ASSIGN_OR_RETURN(const FileLock lock, FileLock::TryAcquire(layout_->slot_lock(slot.name)));
  LaunchOptions launch;
  launch.program = options_.program;
  launch.arguments = Arguments(slot);
  launch.environment = {absl::StrCat(kTokenVariable, "=", token_)};
  // Read by OpenMP while the program is loaded: too early for the worker itself to set it.
  if (options_.threads > 0) launch.environment.push_back(absl::StrCat("OMP_NUM_THREADS=", options_.threads));
  launch.inherited_fd = lock.fd();
  launch.oom_score_adjustment = kOomScoreAdjustment;
  SB_ASSIGN_OR_RETURN(Process process, Process::Launch(launch));
  return Watch(std::move(process));
}

void LocalProcesses::Kill(pid_t pid, int signal) {
  if (const auto found = processes_.find(pid); found != processes_.end()) found->second.Kill(signal);
}

std::vector<std::string> LocalProcesses::Arguments(const Slot& slot) const {
  return {"--role",
          "jobs",
          "--slot",
          slot.name,
          "--device",
          slot.device,
          "--server",
          options_.server_address,
          "--lock-fd",
          absl::StrCat(kLockFd),
          "--threads",
          absl::StrCat(options_.threads),
          "--cache-max-bytes",
          absl::StrCat(options_.cache_max_bytes)};
}

pid_t LocalProcesses::Watch(Process process) {
  const pid_t pid = process.pid();
  loop_->Watch(process.end_fd(), [this, pid] { OnEnd(pid); });
  processes_.insert_or_assign(pid, std::move(process));
  return pid;
}

void LocalProcesses::OnEnd(pid_t pid) {
  const auto found = processes_.find(pid);
  const ProcessExit exit = found->second.TakeExit();
  loop_->Unwatch(found->second.end_fd());
  processes_.erase(found);
  ended_(pid, exit);
}

}  // namespace seedbed::workers
