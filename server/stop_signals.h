// SIGTERM and SIGINT, taken by a thread instead of a handler.
#pragma once

#include <signal.h>

#include <atomic>
#include <thread>

#include "core/base/mutex.h"

namespace seedbed {

// Made before any other thread, so that all inherit the blocked signals. The first signal ends Wait(); a second one ends the process at
// once with 128 + its number.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Blocks until the first signal; returns its number.
  int Wait() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  sigset_t signals_;
  std::atomic<bool> is_ending_{false};
  Mutex mutex_;
  CondVar came_;
  int first_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace seedbed
