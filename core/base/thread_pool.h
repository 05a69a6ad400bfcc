// A fixed set of threads that run short tasks, and a parallel loop over them.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace seedbed {

// Thread-safe. Tasks must not throw. The destructor runs what is queued, then joins.
class ThreadPool {
 public:
  // threads >= 1.
  explicit ThreadPool(size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t size() const { return threads_.size(); }
  void Schedule(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs body(i) for every i in [0, count) on the pool's threads and the caller's, and returns when all are done. Indices are handed out
  // one by one in ascending order; which thread runs which is not defined, so a body writes only to what belongs to its index. Must not be
  // called from within a task of this pool.
  void ParallelFor(size_t count, const std::function<void(size_t)>& body) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void RunTasks() ABSL_LOCKS_EXCLUDED(mutex_);

  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // constant after construction
};

}  // namespace seedbed
