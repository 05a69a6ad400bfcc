#include "core/base/thread_pool.h"

#include <atomic>
#include <memory>
#include <utility>

namespace seedbed {

ThreadPool::ThreadPool(size_t threads) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { RunTasks(); });
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Schedule(std::function<void()> task) {
  {
    MutexLock lock(&mutex_);
    queue_.push_back(std::move(task));
  }
  wake_.NotifyOne();
}

void ThreadPool::RunTasks() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(&mutex_);
      while (queue_.empty() && !stopping_) wake_.Wait(&mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

void ThreadPool::ParallelFor(size_t count, const std::function<void(size_t)>& body) {
  if (count == 0) return;
  // Shared with helpers that may start after the caller has returned (all indices taken): they must find it alive.
  struct Loop {
    std::atomic<size_t> next{0};
    Mutex mutex;
    CondVar done;
    size_t finished ABSL_GUARDED_BY(mutex) = 0;
  };
  const auto loop = std::make_shared<Loop>();
  const auto work = [loop, count, &body] {
    size_t finished = 0;
    for (size_t i = loop->next.fetch_add(1); i < count; i = loop->next.fetch_add(1)) {
      body(i);
      ++finished;
    }
    if (finished == 0) return;
    MutexLock lock(&loop->mutex);
    loop->finished += finished;
    if (loop->finished == count) loop->done.NotifyAll();
  };
  const size_t helpers = std::min(count - 1, size());
  for (size_t i = 0; i < helpers; ++i) Schedule(work);
  work();
  MutexLock lock(&loop->mutex);
  while (loop->finished != count) loop->done.Wait(&loop->mutex);
}

}  // namespace seedbed
