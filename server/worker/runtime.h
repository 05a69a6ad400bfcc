// What the process does to itself before it computes anything.
#pragma once

#include <string>

#include "seedbed/v1/job.pb.h"

namespace seedbed::worker {

// An allocator that keeps its pages, and libraries that add up in one order. Call it first thing in main, before any thread or tensor.
void PrepareRuntime();

// What decides the bits of this worker's results. `threads` 0: all cores that the process may use.
v1::ExecutionProfile ProfileOf(const std::string& device, int threads);

}  // namespace seedbed::worker
