#include "client/lib/backoff.h"

#include <algorithm>

namespace seedbed::client {

std::chrono::milliseconds Backoff::Next() {
  const auto longest = delay_;
  delay_ = std::min(delay_ * 2, policy_.max_delay);
  return std::chrono::milliseconds(std::uniform_int_distribution<int64_t>(longest.count() / 2, longest.count())(random_));
}

}  // namespace seedbed::client
