// Time as an injected dependency, so that leases and back-off are tested without sleeping.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace seedbed {

using MonotonicTime = std::chrono::steady_clock::time_point;

// Thread-safe. Leases, deadlines and durations use Monotonic(); WallMicros() is for display and records only.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Monotonic() const = 0;
  // Microseconds since the Unix epoch, UTC.
  virtual int64_t WallMicros() const = 0;
};

// The machine's clocks. Stateless; one shared object.
const Clock& SystemClock();

// "2026-11-23T18:03:53.123456Z".
std::string FormatUtc(int64_t wall_micros);

}  // namespace seedbed
