#include "server/worker/run_worker.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "core/base/event_loop.h"
#include "core/base/file.h"
#include "server/worker/grpc_connector.h"
#include "server/workers/worker_contract.h"

namespace seedbed::worker {
namespace {

sigset_t TermSignal() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  return set;
}

// The agent on its loop, with gRPC and signals brought to it.
class Worker {
 public:
  Worker(const AgentOptions& options, const std::string& address, const TaskFunction& task, log::Logger* log, EventLoop* loop)
      : loop_(loop),
        connector_(
            address, loop, [this](const ServerStream* stream, const v1::ServerMessage& message) { agent_.OnMessage(stream, message); },
            [this](const ServerStream* stream, const absl::Status& status) { agent_.OnClosed(stream, status); }),
        agent_(options, task, &connector_, &SystemClock(), log, [loop] { loop->Post([] {}); }) {}

  void WatchForSigterm(int fd) {
    loop_->Watch(fd, [this, fd] {
      signalfd_siginfo info;
      if (::read(fd, &info, sizeof(info)) == sizeof(info)) agent_.Shutdown();
    });
  }

  int Run() {
    loop_->Run([this] {
      const MonotonicTime next = agent_.Tick();
      if (agent_.exit_code()) loop_->Stop();
      return next;
    });
    return *agent_.exit_code();
  }

 private:
  EventLoop* const loop_;
  GrpcConnector connector_;
  Agent agent_;
};

}  // namespace

void PrepareSignals() {
  const sigset_t term = TermSignal();
  ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
  ::signal(SIGINT, SIG_IGN);   // Ctrl-C at the server's terminal is for the server, which then tells its workers
  ::signal(SIGPIPE, SIG_IGN);  // the reader of our log may be gone
}

int RunWorker(const AgentOptions& options, const std::string& address, const TaskFunction& task, log::Logger* log) {
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  const sigset_t term = TermSignal();
  const UniqueFd signals(::signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!loop.ok() || !signals.valid()) {
    log->Error("start_failed", {{"worker", options.slot}, {"message", "out of file descriptors"}});
    return workers::kExitInternal;
  }
  // Never destroyed: that would wait for a task that was dropped, and nothing may outstay the lease.
  Worker* worker = new Worker(options, address, task, log, loop->release());
  worker->WatchForSigterm(signals.get());
  return worker->Run();
}

}  // namespace seedbed::worker
