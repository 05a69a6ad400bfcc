// Foreground and background: one byte a pixel, row by row, 255 where the foreground is and 0 elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace seedbed::image {

inline constexpr uint8_t kForeground = 255;

// Squares of 2 * radius + 1 pixels: Erode keeps a pixel when the whole square around it is foreground, Dilate when any of it is. What lies
// beyond the edge decides nothing, as in OpenCV. `scratch`: as many bytes as the mask.
void Erode(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch);
void Dilate(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch);

// Opening takes away what is narrower than the square, closing fills gaps that are. Radius 0 changes nothing.
void Open(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch);
void Close(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch);

// Leaves of the foreground only its largest connected part (pixels touch at sides and corners); of several as large, the one whose first
// pixel in reading order comes first. `scratch`: twice as many numbers as the mask has bytes.
void KeepLargestPart(int width, int height, std::span<uint8_t> mask, std::span<int32_t> scratch);

}  // namespace seedbed::image
