// Numbers, sizes and times as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace seedbed {

// "4,606".
std::string FormatCount(int64_t count);
// "311.0 MB", in powers of 1000; "512 B".
std::string FormatBytes(int64_t bytes);
// "< 1 ms", "12 ms", "0.8 s", "42 s", "3 min 05 s", "2 h 10 min", "4 d 3 h".
std::string FormatElapsed(double seconds);

}  // namespace seedbed
