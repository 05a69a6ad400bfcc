// Growing pauses between attempts.
#pragma once

#include <chrono>
#include <random>

#include "client/lib/options.h"

namespace seedbed::client {

// Not thread-safe. The seed decides the jitter.
class Backoff {
 public:
  Backoff(const RetryPolicy& policy, uint64_t seed) : policy_(policy), random_(seed), delay_(policy.first_delay) {}

  // The pause before the next attempt.
  std::chrono::milliseconds Next();
  // After a success: the next pause is the first again.
  void Reset() { delay_ = policy_.first_delay; }

 private:
  const RetryPolicy policy_;
  std::minstd_rand random_;
  std::chrono::milliseconds delay_;
};

}  // namespace seedbed::client
