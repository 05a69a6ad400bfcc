// Photos of seedlings that were never taken: twelve species on gravel, for the demo, tests and benchmarks on machines without the real
// ones.
#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/status.h"
#include "core/base/thread_pool.h"
#include "core/image/image.h"

namespace seedbed::testing {

// A photo of species `species` (0 to 11, sorted by name), `size` pixels square. Depends on the arguments alone.
image::Image DrawSeedling(int species, int size, uint64_t seed, uint64_t number);

struct SeedlingSet {
  int classes = 12;    // 1 to 12
  int per_class = 40;  // 0 or more
  int size = 150;      // pixels, 16 to 4096
  uint64_t seed = 0;
};

// Writes <folder>/<species>/<number>.png; what is there already is replaced. INVALID_ARGUMENT for a number out of its range.
absl::Status WriteSeedlings(const std::filesystem::path& folder, const SeedlingSet& set, ThreadPool* pool);

}  // namespace seedbed::testing
