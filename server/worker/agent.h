// The worker's side of the conversation with the server: attaches and attaches again, keeps the lease, runs the tasks it is given one at a
// time, and knows when to stop. Knows neither gRPC nor what tasks do.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "core/base/clock.h"
#include "seedbed/v1/worker.pb.h"
#include "server/log/log.h"
#include "server/worker/lease.h"
#include "server/worker/running_task.h"
#include "server/worker/server_stream.h"

namespace seedbed::worker {

struct AgentOptions {
  std::string slot;
  std::string token;
  v1::ExecutionProfile profile;
  uint64_t cache_max_bytes = 0;
  std::chrono::milliseconds patience{60'000};  // for the first Welcome
  std::chrono::milliseconds first_backoff{100};
  std::chrono::milliseconds max_backoff{1'000};
};

// Not thread-safe: everything but the tasks happens on one thread.
class Agent {
 public:
  // `wake` makes Tick be called soon; it is called on the tasks' threads. Nothing is owned.
  Agent(AgentOptions options, TaskFunction task, Connector* connector, const Clock* clock, log::Logger* log, std::function<void()> wake);

  void OnMessage(const ServerStream* stream, const v1::ServerMessage& message);
  void OnClosed(const ServerStream* stream, const absl::Status& status);
  // Checkpoint, answer for what runs, and exit.
  void Shutdown();
  // Does what is due; returns when to be called again at the latest.
  MonotonicTime Tick();
  // Set once the process should exit, with a WorkerExit code. What still runs is to be dropped.
  std::optional<int> exit_code() const { return exit_code_; }

 private:
  void Connect(MonotonicTime now);
  void OnWelcome(const v1::Welcome& welcome);
  void OnAssignment(const v1::Assignment& assignment);
  void OnCancel(const v1::Attempt& attempt);
  void OnAbandon(const v1::Attempt& attempt);
  void Begin(const v1::Assignment& assignment);
  // Forgets a task that has ended and has nothing left to say, and begins the one that waits for it.
  void Reap();
  void SendDue(MonotonicTime now);
  MonotonicTime NextDue() const;
  bool Runs(const v1::Attempt& attempt) const;
  bool Awaits(const v1::Attempt& attempt) const;
  // The attempt that the server may want us to go on with.
  std::optional<v1::Attempt> Current() const;
  void Exit(int code);

  const AgentOptions options_;
  const TaskFunction task_;
  Connector* const connector_;
  const Clock* const clock_;
  log::Logger* const log_;
  const std::function<void()> wake_;

  std::shared_ptr<ServerStream> stream_;  // null: not connected
  bool welcome_ = false;                  // on this stream
  MonotonicTime hello_sent_;
  MonotonicTime next_connect_;
  std::chrono::milliseconds backoff_;
  Lease lease_;

  std::unique_ptr<RunningTask> running_;
  std::optional<v1::Assignment> waiting_;  // begins when the abandoned task before it has stopped
  bool waiting_cancelled_ = false;
  bool shutting_down_ = false;
  std::optional<int> exit_code_;
};

}  // namespace seedbed::worker
