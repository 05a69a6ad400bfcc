// A clock that a test turns by hand.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/base/clock.h"
#include "core/base/mutex.h"

namespace seedbed::testing {

class FakeClock : public Clock {
 public:
  MonotonicTime Monotonic() const override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return MonotonicTime(elapsed_);
  }
  int64_t WallMicros() const override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return 1'700'000'000'000'000 + std::chrono::duration_cast<std::chrono::microseconds>(elapsed_).count();
  }
  void Advance(std::chrono::nanoseconds duration) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    elapsed_ += duration;
  }

 private:
  mutable Mutex mutex_;
  std::chrono::nanoseconds elapsed_ ABSL_GUARDED_BY(mutex_){std::chrono::hours(1)};
};

}  // namespace seedbed::testing
