// The inner loop of t-SNE, written once (repulsion_kernels_template.h) and compiled for each instruction set; all give the same bits.
// Private to this room.
#pragma once

#include <cstddef>
#include <string_view>

namespace seedbed::explore {

// Points are taken so many at a time; sums are kept apart by place and added up in order.
inline constexpr size_t kRepulsionLanes = 16;

// Of a point against all, q = 1 / (1 + squared distance): the sums of q, and of q * q * difference.
struct Repulsion {
  float weights[kRepulsionLanes];
  float x[kRepulsionLanes];
  float y[kRepulsionLanes];
};

// `count` is a multiple of kRepulsionLanes; the point itself may be among xs and ys, where it adds 1 to the weights.
using RepelFunction = void (*)(const float* xs, const float* ys, size_t count, float x, float y, Repulsion* sums);

// The baseline of x86-64 is SSE2; only x86-64 uses more than that.
extern const RepelFunction kBaselineRepel;
extern const RepelFunction kAvx2Repel;
extern const RepelFunction kAvx512Repel;

// The one for the instructions in the words of InstructionSet().
RepelFunction RepelFor(std::string_view instruction_set);

}  // namespace seedbed::explore
