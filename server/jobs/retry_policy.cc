#include "server/jobs/retry_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/philox.h"

namespace seedbed::jobs {
namespace {

std::chrono::milliseconds Bound(const RetryPolicy& policy, int losses) {
  std::chrono::milliseconds bound = policy.first_backoff;
  for (int i = 1; i < losses && bound < policy.max_backoff; ++i) bound *= 2;
  return std::min(bound, policy.max_backoff);
}

}  // namespace

bool IsCrash(v1::Reason reason) { return reason == v1::REASON_WORKER_CRASHED || reason == v1::REASON_OUT_OF_MEMORY; }

std::string GiveUpReason(const RetryPolicy& policy, int losses, int crashes, const Loss& loss) {
  if (crashes >= policy.max_crashes) {
    return absl::StrCat(loss.message, "; that makes ", crashes, " crashes without progress in between, so it is not tried again");
  }
  if (losses >= policy.max_attempts) {
    return absl::StrCat(loss.message, "; that makes ", losses, " lost attempts without progress in between, so it is not tried again");
  }
  return "";
}

std::chrono::milliseconds Backoff(const RetryPolicy& policy, int losses, int64_t job_number, int64_t epoch) {
  const auto number = static_cast<uint64_t>(job_number);
  const auto turn = static_cast<uint64_t>(epoch);
  const PhiloxBlock random = Philox4x32(
      {static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32), static_cast<uint32_t>(turn), static_cast<uint32_t>(turn >> 32)},
      {static_cast<uint32_t>(policy.jitter_seed), static_cast<uint32_t>(policy.jitter_seed >> 32)});
  const double share = random[0] / 4294967296.0;
  return std::chrono::milliseconds(static_cast<int64_t>(share * static_cast<double>(Bound(policy, losses).count() + 1)));
}

}  // namespace seedbed::jobs
