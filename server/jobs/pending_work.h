// Counts work that others still do for an object, so that its destructor can wait for the last of it.
#pragma once

#include <memory>

#include "core/base/mutex.h"

namespace seedbed::jobs {

// Thread-safe.
class PendingWork {
 public:
  ~PendingWork() { Wait(); }

  // The work is pending as long as a copy of the token exists.
  std::shared_ptr<void> Hold() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    ++count_;
    return std::shared_ptr<void>(this, [](void* self) { static_cast<PendingWork*>(self)->Release(); });
  }

  void Wait() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    while (count_ > 0) none_left_.Wait(&mutex_);
  }

 private:
  void Release() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (--count_ == 0) none_left_.NotifyAll();
  }

  Mutex mutex_;
  CondVar none_left_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace seedbed::jobs
