// The inner loop of FillRandom, for the instructions that the processor has. Private to this room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/philox.h"

namespace seedbed {

struct PhiloxKernel {
  size_t blocks;  // that one turn of the loop makes
  // Writes turns * blocks blocks: that of this counter and those of the counters after it.
  void (*fill)(PhiloxBlock counter, std::array<uint32_t, 2> key, size_t turns, uint32_t* numbers);
};

// The baseline of x86-64 is SSE2.
extern const PhiloxKernel kPhiloxBaseline;
extern const PhiloxKernel kPhiloxAvx2;
extern const PhiloxKernel kPhiloxAvx512;

}  // namespace seedbed
