#include "server/workers/slot_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace seedbed::workers {

bool SlotState::Started(MonotonicTime now) {
  if (has_process()) return false;
  state_ = v1::WORKER_STATE_STARTING;
  started_ = now;
  worked_ = false;
  ++starts_;
  return true;
}

bool SlotState::Attached() {
  if (state_ != v1::WORKER_STATE_STARTING) return false;
  state_ = v1::WORKER_STATE_IDLE;
  return true;
}

bool SlotState::SetBusy(bool busy) {
  if (!attached()) return false;
  state_ = busy ? v1::WORKER_STATE_BUSY : v1::WORKER_STATE_IDLE;
  worked_ = worked_ || busy;
  return true;
}

bool SlotState::Ended(MonotonicTime now, const std::string& how) {
  if (!has_process()) return false;
  PlanRestart(now, !worked_ && now - started_ < options_.health, how);
  return true;
}

bool SlotState::NotStarted(MonotonicTime now, const std::string& why) {
  if (has_process()) return false;
  PlanRestart(now, true, why);
  return true;
}

void SlotState::PlanRestart(MonotonicTime now, bool quick, const std::string& how) {
  quick_deaths_ = quick ? quick_deaths_ + 1 : 0;
  const bool unhealthy = quick_deaths_ >= options_.max_quick_deaths;
  if (unhealthy) {
    backoff_ = options_.max_backoff;
  } else {
    backoff_ = quick_deaths_ > 1 ? std::min(2 * backoff_, options_.max_backoff) : options_.first_backoff;
  }
  next_start_ = now + backoff_;
  state_ = unhealthy ? v1::WORKER_STATE_UNHEALTHY : v1::WORKER_STATE_RESTARTING;
  last_end_ = unhealthy ? absl::StrCat("ended ", quick_deaths_, " times in a row before it could work; the last time it ", how) : how;
}

}  // namespace seedbed::workers
