// A decoded picture.
#pragma once

#include <cstdint>
#include <vector>

namespace seedbed::image {

// 8-bit RGB, rows top to bottom, channels interleaved (HWC), no padding: rgb.size() == 3 * width * height.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;
};

}  // namespace seedbed::image
