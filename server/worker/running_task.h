// One task on a thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "core/tasks/task_context.h"
#include "seedbed/v1/worker.pb.h"
#include "server/worker/outbox.h"

namespace seedbed::worker {

// What a task that succeeded has made.
struct TaskOutput {
  v1::JobResult result;
  std::string record;  // TaskFinished.record
};

// Does the work of an assignment. May throw: that is the task's failure.
using TaskFunction = std::function<absl::StatusOr<TaskOutput>(const v1::Assignment&, tasks::TaskContext&)>;

// Starts with construction. What the task says goes to its outbox, the result included: every way a task can end becomes a TaskFinished.
class RunningTask : private tasks::TaskContext {
 public:
  // `wake` is called on the task's thread when the outbox has something, and when the task has ended.
  RunningTask(v1::Assignment assignment, const TaskFunction& task, uint64_t cache_max_bytes, const std::function<void()>& wake);
  // Abandons the task and waits until its thread has noticed.
  ~RunningTask() override;
  RunningTask(const RunningTask&) = delete;
  RunningTask& operator=(const RunningTask&) = delete;

  const v1::Attempt& attempt() const { return assignment_.attempt(); }
  Outbox& outbox() { return outbox_; }

  // Why a task is stopped before its end decides what it answers.
  void Cancel() { cancel_requested_ = true; }
  void Drain() { drain_requested_ = true; }
  // The attempt is not ours any more: it stops, and nothing is said any more.
  void Abandon();

  bool abandoned() const { return abandoned_; }
  // Whether the thread has come to its end, so that destruction does not wait.
  bool ended() const { return ended_; }

 private:
  const tasks::TaskPaths& paths() const override { return paths_; }
  const tasks::ExecutionProfile& profile() const override { return profile_; }
  int64_t attempt_epoch() const override { return attempt().epoch(); }
  bool cancelled() const override { return cancel_requested_ || drain_requested_ || abandoned_; }
  void Report(const tasks::Progress& progress) override;
  void Emit(tasks::TaskEvent event) override;
  void Checkpointed(int64_t mark) override { outbox_.SetCheckpoint(mark); }

  void Run(const TaskFunction& task);
  absl::StatusOr<TaskOutput> RunGuarded(const TaskFunction& task);
  v1::TaskFinished Describe(absl::StatusOr<TaskOutput> output) const;

  const v1::Assignment assignment_;
  const tasks::TaskPaths paths_;
  const tasks::ExecutionProfile profile_;
  const std::function<void()> wake_;
  Outbox outbox_;
  std::atomic<bool> cancel_requested_{false};
  std::atomic<bool> drain_requested_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace seedbed::worker
