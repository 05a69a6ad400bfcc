#include "server/watchdog.h"

#include <unistd.h>

#include <utility>

namespace seedbed {

Watchdog::Watchdog(std::chrono::milliseconds limit, std::function<void()> report)
    : thread_([this, limit, report = std::move(report)] { Run(limit, report); }) {}

Watchdog::~Watchdog() {
  {
    MutexLock lock(&mutex_);
    is_called_off_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void Watchdog::Run(std::chrono::milliseconds limit, const std::function<void()>& report) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  {
    MutexLock lock(&mutex_);
    while (!is_called_off_) {
      if (!changed_.WaitUntil(&mutex_, deadline)) break;
    }
    if (is_called_off_) return;
  }
  report();
  ::_exit(1);
}

}  // namespace seedbed
