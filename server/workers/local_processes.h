// Workers as processes of this machine.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/base/event_loop.h"
#include "server/store/data_layout.h"
#include "server/workers/process.h"
#include "server/workers/process_host.h"

namespace seedbed::workers {

// Lives on the loop's thread. Destruction leaves the processes alone.
class LocalProcesses : public ProcessHost {
 public:
  // `ended` is told of each end, on the loop's thread. Neither loop nor layout is owned.
  LocalProcesses(const WorkerPoolOptions& options, std::string token, const store::DataLayout* layout, EventLoop* loop,
                 std::function<void(pid_t, const ProcessExit&)> ended);

  std::optional<pid_t> Adopt(const std::string& slot) override;
  absl::StatusOr<pid_t> Start(const Slot& slot) override;
  void Kill(pid_t pid, int signal) override;

 private:
  std::vector<std::string> Arguments(const Slot& slot) const;
  pid_t Watch(Process process);
  void OnEnd(pid_t pid);

  const WorkerPoolOptions options_;
  const std::string token_;
  const store::DataLayout* const layout_;
  EventLoop* const loop_;
  const std::function<void(pid_t, const ProcessExit&)> ended_;
  std::map<pid_t, Process> processes_;  // alive as far as we know
};

}  // namespace seedbed::workers
