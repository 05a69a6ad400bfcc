// A thread that serves one thing after the other: tasks from other threads, descriptors that became readable, and the passing of time.
// What is touched only from tasks of one loop needs no lock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mutex.h"

namespace seedbed {

class EventLoop {
 public:
  // RESOURCE_EXHAUSTED when the process has too many open files.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();

  // Runs `task` on the loop's thread, after those posted before. From any thread; never blocks. False when the loop was stopped: the task
  // is then dropped.
  bool Post(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs `ready` whenever `fd` is readable, until Unwatch(fd), which must come before the descriptor is closed. From the loop's thread, or
  // before Run.
  void Watch(int fd, std::function<void()> ready);
  void Unwatch(int fd);

  // Serves on the calling thread until Stop(). After each round of tasks it calls `tick`, which says when it wants to be called again at
  // the latest (on the system's monotonic clock).
  void Run(const std::function<MonotonicTime()>& tick) ABSL_LOCKS_EXCLUDED(mutex_);
  // From any thread, once or more. Tasks that wait are dropped.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  explicit EventLoop(UniqueFd wake) : wake_(std::move(wake)) {}
  // False when stopped.
  bool RunTasks() ABSL_LOCKS_EXCLUDED(mutex_);
  void WaitUntil(MonotonicTime deadline);
  void Wake() const;

  const UniqueFd wake_;                           // eventfd: readable when there is a task or the loop was stopped
  std::map<int, std::function<void()>> watched_;  // the loop's thread only

  Mutex mutex_;
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace seedbed
