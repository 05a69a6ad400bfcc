// When a job that lost its worker is tried again. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "server/jobs/job_manager.h"

namespace seedbed::jobs {

struct RetryPolicy {
  int max_attempts = 3;
  int max_crashes = 2;
  std::chrono::milliseconds first_backoff{1000};
  std::chrono::milliseconds max_backoff{300'000};
  uint64_t jitter_seed = 0;
};

// A crash (signal, out of memory) is likelier the job's own doing than a lost connection is: fewer of them are tolerated.
bool IsCrash(v1::Reason reason);

// Empty when the job is to be tried again, else why it is not. `losses` and `crashes` count since the last progress, this one included.
std::string GiveUpReason(const RetryPolicy& policy, int losses, int crashes, const Loss& loss);

// Time to wait before the next attempt: uniform between 0 and a bound that doubles with each loss (full jitter, so that jobs lost together
// do not come back together). The same for the same job, epoch and seed.
std::chrono::milliseconds Backoff(const RetryPolicy& policy, int losses, int64_t job_number, int64_t epoch);

}  // namespace seedbed::jobs
