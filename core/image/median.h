// The median of the pixels around each pixel, channel by channel, as OpenCV's medianBlur: the picture's edge pixels are repeated beyond it.
//
// Exact, and on whole registers of bytes: two lines at a time, columns are sorted, neighbouring columns merged into groups of 2, 4 and 8
// that all windows share, and of a window's groups only those elements are carried on that can still be the median (after A. Adams, "Fast
// median filters using separable sorting networks", 2021). The result does not depend on the instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/cpu.h"

namespace seedbed::image {

inline constexpr int kMaxMedianSize = 15;

// Sizes of windows that MedianBlur knows: odd, from 3 to kMaxMedianSize.
bool IsMedianSize(int size);

// Bytes of workspace that a picture of this size needs.
size_t MedianWorkspaceBytes(int width, int height, int size);

// In place, on 8-bit RGB (HWC). `size` is the side of the square window; `workspace` has at least MedianWorkspaceBytes.
void MedianBlur(int width, int height, int size, std::span<uint8_t> rgb, std::span<uint8_t> workspace,
                std::string_view instruction_set = InstructionSet());

// The same for a picture whose pixels are `fill` wherever `mask` (one byte a pixel) is 0: where these are the majority of a window, they
// are its median, and nothing is sorted.
void MedianBlurFilled(int width, int height, int size, std::span<const uint8_t> mask, std::array<uint8_t, 3> fill, std::span<uint8_t> rgb,
                      std::span<uint8_t> workspace, std::string_view instruction_set = InstructionSet());

}  // namespace seedbed::image
