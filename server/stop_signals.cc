#include "server/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

namespace seedbed {

StopSignals::StopSignals() {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGTERM);
  ::sigaddset(&signals_, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  thread_ = std::thread([this] { Run(); });
}

StopSignals::~StopSignals() {
  is_ending_ = true;
  ::pthread_kill(thread_.native_handle(), SIGTERM);  // to this thread only: it ends its sigwait
  thread_.join();
}

int StopSignals::Wait() {
  MutexLock lock(&mutex_);
  while (first_ == 0) came_.Wait(&mutex_);
  return first_;
}

void StopSignals::Run() {
  while (true) {
    int signal = 0;
    if (::sigwait(&signals_, &signal) != 0) continue;
    if (is_ending_) return;
    MutexLock lock(&mutex_);
    if (first_ != 0) ::_exit(128 + signal);
    first_ = signal;
    came_.NotifyAll();
  }
}

}  // namespace seedbed
