// The life of a slot's process, as a state machine with back-off. Pure: told what happened and what time it is.
//
//   none, RESTARTING, UNHEALTHY ──Started──► STARTING ──Attached──► IDLE ◄──SetBusy──► BUSY
//   STARTING, IDLE, BUSY ──Ended──► RESTARTING, or UNHEALTHY at the fifth quick death in a row
//   none, RESTARTING, UNHEALTHY ──NotStarted──► the same
//
// A quick death is one within 30 s of the start and without having worked on any job: the program, not a job, is at fault then. Jobs that
// kill their workers have a limit of their own (JobManager), so a worker that died of one is started again without ado.
#pragma once

#include <chrono>
#include <string>

#include "core/base/clock.h"
#include "seedbed/v1/admin.pb.h"

namespace seedbed::workers {

// Not thread-safe.
class SlotState {
 public:
  struct Options {
    std::chrono::milliseconds first_backoff{500};
    std::chrono::milliseconds max_backoff{60'000};  // also the pause between attempts while unhealthy
    std::chrono::milliseconds health{30'000};       // living that long, or working on a job, resets the back-off
    int max_quick_deaths = 5;
  };

  SlotState(Options options, MonotonicTime now) : options_(options), next_start_(now) {}

  // Each answers whether the event is legal in this state; if not, nothing changes.
  bool Started(MonotonicTime now);
  bool Attached();
  bool SetBusy(bool busy);
  // `how`: what the process did, such as "was killed by signal 9 (SIGKILL)".
  bool Ended(MonotonicTime now, const std::string& how);
  // The process could not even be started.
  bool NotStarted(MonotonicTime now, const std::string& why);

  // UNSPECIFIED before the first start.
  v1::WorkerState state() const { return state_; }
  // When to start the process; meaningful while there is none.
  MonotonicTime next_start() const { return next_start_; }
  bool has_process() const { return state_ == v1::WORKER_STATE_STARTING || attached(); }
  bool attached() const { return state_ == v1::WORKER_STATE_IDLE || state_ == v1::WORKER_STATE_BUSY; }
  // Times it was started after the first.
  int restarts() const { return starts_ > 0 ? starts_ - 1 : 0; }
  // How the process ended last time, and for UNHEALTHY what that means. Empty when it never did.
  const std::string& last_end() const { return last_end_; }

 private:
  void PlanRestart(MonotonicTime now, bool quick, const std::string& how);

  const Options options_;
  v1::WorkerState state_ = v1::WORKER_STATE_UNSPECIFIED;
  MonotonicTime started_;
  MonotonicTime next_start_;
  std::chrono::milliseconds backoff_{0};  // of the last restart
  bool worked_ = false;                   // since the last start
  int starts_ = 0;
  int quick_deaths_ = 0;
  std::string last_end_;
};

}  // namespace seedbed::workers
