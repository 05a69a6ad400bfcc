// How much memory there is, for messages and bounds.
#pragma once

#include <cstdint>
#include <string>

namespace seedbed {

// What this process may hold: the machine's memory, or less where the process's own limit (ulimit -v) says so. 0 when it is not known.
int64_t MemoryLimitBytes();
// The most that this process has held in memory at once. 0 when it is not known.
int64_t PeakMemoryBytes();

// "3.1 GiB", "512.0 MiB".
std::string FormatMemory(int64_t bytes);

}  // namespace seedbed
