#include "server/workers/lease_table.h"

#include <algorithm>

namespace seedbed::workers {

bool LeaseTable::Renew(const std::string& holder, MonotonicTime now) {
  const auto found = expiry_.find(holder);
  if (found == expiry_.end()) return false;
  found->second = now + lease_;
  return true;
}

std::vector<std::string> LeaseTable::TakeExpired(MonotonicTime now) {
  std::vector<std::string> expired;
  for (auto lease = expiry_.begin(); lease != expiry_.end();) {
    if (lease->second > now) {
      ++lease;
      continue;
    }
    expired.push_back(lease->first);
    lease = expiry_.erase(lease);
  }
  return expired;
}

std::optional<MonotonicTime> LeaseTable::NextExpiry() const {
  const auto earlier = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto first = std::min_element(expiry_.begin(), expiry_.end(), earlier);
  if (first == expiry_.end()) return std::nullopt;
  return first->second;
}

}  // namespace seedbed::workers
