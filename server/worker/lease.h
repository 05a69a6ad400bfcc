// The worker's view of its lease: how long it may go on without an answer from the server.
#pragma once

#include <chrono>
#include <deque>

#include "core/base/clock.h"

namespace seedbed::worker {

// The server counts from the moment a sign of life arrives, the worker from the moment it was sent, and the worker stops a margin early:
// so it has stopped before its job can be given to another. Not thread-safe; told what time it is.
class Lease {
 public:
  // Until the first Welcome the worker has `patience` to find its server.
  Lease(MonotonicTime now, std::chrono::milliseconds patience) : deadline_(now + patience) {}

  // A Hello sent at `hello_sent` was answered with these terms.
  void Welcome(MonotonicTime hello_sent, std::chrono::milliseconds lease, std::chrono::milliseconds heartbeat_interval);
  // Heartbeats are answered in the order they were sent.
  void HeartbeatSent(MonotonicTime now);
  void HeartbeatAnswered();
  // What was sent on the old stream is not answered any more.
  void Disconnected() { unanswered_.clear(); }

  // When the next heartbeat is due; meaningful while welcome.
  MonotonicTime next_heartbeat() const { return next_heartbeat_; }
  // When everything has to stop.
  MonotonicTime deadline() const { return deadline_; }

 private:
  void Renew(MonotonicTime sent);

  std::chrono::milliseconds lease_{0};
  std::chrono::milliseconds interval_{0};
  std::deque<MonotonicTime> unanswered_;  // heartbeats, by the time they were sent
  MonotonicTime next_heartbeat_;
  MonotonicTime deadline_;
};

}  // namespace seedbed::worker
