// The inner loops of resizing, for the instructions that the processor has. All give the same integers. Private to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/image/resize.h"

namespace seedbed::image {

// Weights are fixed point with this many fractional bits, Pillow's choice: 8 bits of result, 2 for the overshoot of filters with negative
// lobes.
inline constexpr int kPrecisionBits = 32 - 8 - 2;
// How far behind the end of a source line, and of a target line, ResizeKernels::resize_line may read and write.
inline constexpr size_t kLineOverread = 16;
inline constexpr size_t kLineOverwrite = 1;

// Weights split for 16-bit multiplication: weight = high * 2^kSplitBits + low, low >= 0. In groups of 4: 4 low parts, then 4 high parts.
inline constexpr int kSplitBits = 12;
inline constexpr size_t kTapGroup = 4;

struct ResizeKernels {
  // One line of RGB pixels, resized horizontally.
  void (*resize_line)(const uint8_t* source, const ResizeAxis& axis, uint8_t* target);
  // One line of bytes as the weighted sum of as many lines as there are weights.
  void (*sum_lines)(std::span<const uint8_t* const> lines, std::span<const int32_t> weights, std::span<uint8_t> target);
};

// `wide`: with AVX2, which the processor must then have.
ResizeKernels ChooseResizeKernels(bool wide);

}  // namespace seedbed::image
