// The last resort of a process that should have ended.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "core/base/mutex.h"

namespace seedbed {

// Ends the process with status 1, after calling `report`, unless it is destroyed within `limit`.
class Watchdog {
 public:
  Watchdog(std::chrono::milliseconds limit, std::function<void()> report);
  ~Watchdog();

 private:
  void Run(std::chrono::milliseconds limit, const std::function<void()>& report) ABSL_LOCKS_EXCLUDED(mutex_);

  Mutex mutex_;
  CondVar changed_;
  bool is_called_off_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace seedbed
