// Things that threads borrow and give back, so that what is costly to make is made once for each thread and not for each piece of work.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/base/mutex.h"

namespace seedbed {

// Thread-safe.
template <typename T>
class Spares {
 public:
  // One that was given back, else a new one.
  std::unique_ptr<T> Borrow() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (free_.empty()) return std::make_unique<T>();
    std::unique_ptr<T> spare = std::move(free_.back());
    free_.pop_back();
    return spare;
  }
  void Return(std::unique_ptr<T> spare) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    free_.push_back(std::move(spare));
  }

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<T>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed
