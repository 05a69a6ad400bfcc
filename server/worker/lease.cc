#include "server/worker/lease.h"

#include <algorithm>

namespace seedbed::worker {
namespace {

// Share of the lease kept back for the time between noticing its end and having stopped.
constexpr int kMarginShare = 10;

}  // namespace

void Lease::Welcome(MonotonicTime hello_sent, std::chrono::milliseconds lease, std::chrono::milliseconds heartbeat_interval) {
  lease_ = lease;
  interval_ = heartbeat_interval;
  next_heartbeat_ = hello_sent + interval_;
  deadline_ = hello_sent + lease_ - lease_ / kMarginShare;
}

void Lease::HeartbeatSent(MonotonicTime now) {
  unanswered_.push_back(now);
  next_heartbeat_ = now + interval_;
}

void Lease::HeartbeatAnswered() {
  if (unanswered_.empty()) return;
  Renew(unanswered_.front());
  unanswered_.pop_front();
}

void Lease::Renew(MonotonicTime sent) { deadline_ = std::max(deadline_, sent + lease_ - lease_ / kMarginShare); }

}  // namespace seedbed::worker
