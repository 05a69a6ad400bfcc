// Ctrl-C and SIGTERM, received by a thread instead of a handler.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "core/base/file.h"
#include "core/base/mutex.h"

namespace seedbed::cli {

// While it exists, the first SIGINT or SIGTERM runs the handler, on a thread of this object; a second one ends the process at once. It
// blocks the signals for the calling thread and those started later: make it before any other thread. Thread-safe.
class InterruptCatcher {
 public:
  InterruptCatcher();
  ~InterruptCatcher();
  InterruptCatcher(const InterruptCatcher&) = delete;
  InterruptCatcher& operator=(const InterruptCatcher&) = delete;

  // Runs `handler` at the first signal, or now when it has come already. Empty: forgets the last one; it does not run after that.
  void SetHandler(std::function<void()> handler) ABSL_LOCKS_EXCLUDED(mutex_);
  // Number of the first signal; 0 before.
  int signal() const { return signal_.load(); }
  // True once a signal has come.
  const std::atomic<bool>& interrupted() const { return interrupted_; }

 private:
  void Receive() ABSL_LOCKS_EXCLUDED(mutex_);

  UniqueFd signals_;  // constant after construction, as is stop_
  UniqueFd stop_;
  std::atomic<int> signal_ = 0;
  std::atomic<bool> interrupted_ = false;
  Mutex mutex_;
  std::function<void()> handler_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace seedbed::cli
