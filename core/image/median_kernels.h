// The inner loop of the median blur, written once (median_kernels_template.h) and compiled for each instruction set. Private to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seedbed::image {

// So many bytes of a line at most are blurred at once: their sorted columns stay in the nearest cache.
inline constexpr size_t kMedianSpan = 512;
// How far beyond a span lines are read (besides the window itself) and results written: the widest register.
inline constexpr size_t kMedianOverrun = 64;
// From one sorted column's element to the next, in bytes.
inline constexpr size_t kMedianPlane = kMedianSpan + 3 * 14 + 2 * kMedianOverrun;

// Blurs `bytes` (1 to kMedianSpan) of two neighbouring lines. `window` is the first byte of the upper line's window, in lines that are
// `stride` bytes apart, of which size + 1 are read; `planes` has MedianPlanes(size) * kMedianPlane bytes.
using MedianLines = void (*)(const uint8_t* window, size_t stride, size_t bytes, uint8_t* planes, uint8_t* upper, uint8_t* lower);

// Sorted columns (size - 1), and groups of 2, 4 and 8 of them as far as windows are that wide.
constexpr size_t MedianPlanes(size_t size) { return (size - 1) * (size < 4 ? 3 : size < 8 ? 7 : 15); }

// For sizes 3, 5, 7...: index (size - 3) / 2. One per translation unit; only x86-64 uses more than the first.
extern const MedianLines kBaselineMedianLines[];
extern const MedianLines kAvx2MedianLines[];
extern const MedianLines kAvx512MedianLines[];

}  // namespace seedbed::image
