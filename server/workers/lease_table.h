// Who has given a sign of life lately. Pure bookkeeping on monotonic time: what to do about an expired lease is the caller's.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace seedbed::workers {

// Not thread-safe.
class LeaseTable {
 public:
  explicit LeaseTable(std::chrono::nanoseconds lease) : lease_(lease) {}

  // From `now` on, whether there was a lease or not.
  void Grant(const std::string& holder, MonotonicTime now) { expiry_[holder] = now + lease_; }
  // Like Grant for one that holds a lease, expired or not; false, and nothing is changed, for one that does not: a late sign of life must
  // not bring back what was taken.
  bool Renew(const std::string& holder, MonotonicTime now);
  void Revoke(const std::string& holder) { expiry_.erase(holder); }
  // Removes the leases that have run out (expiry <= now) and names their holders.
  std::vector<std::string> TakeExpired(MonotonicTime now);
  // When the next lease runs out; nullopt when there is none.
  std::optional<MonotonicTime> NextExpiry() const;

 private:
  const std::chrono::nanoseconds lease_;
  std::map<std::string, MonotonicTime> expiry_;
};

}  // namespace seedbed::workers
