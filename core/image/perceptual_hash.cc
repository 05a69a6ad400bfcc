#include "core/image/perceptual_hash.h"

#include <array>
#include <bit>

#include "core/image/resize.h"

namespace seedbed::image {

uint64_t PerceptualHash(const Image& image) {
  constexpr int kColumns = 9, kRows = 8;
  std::array<uint8_t, 3 * kColumns * kRows> small;
  ResizeInto(image, kColumns, kRows, Filter::kBox, small);
  uint64_t hash = 0;
  for (int y = 0; y < kRows; ++y) {
    std::array<int, kColumns> grey;
    for (int x = 0; x < kColumns; ++x) {
      const uint8_t* rgb = &small[3 * static_cast<size_t>(y * kColumns + x)];
      grey[static_cast<size_t>(x)] = 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2];  // ITU-R 601 luma, times 1000
    }
    for (size_t x = 0; x + 1 < grey.size(); ++x) hash = hash << 1 | (grey[x] < grey[x + 1] ? 1 : 0);
  }
  return hash;
}

int HammingDistance(uint64_t a, uint64_t b) { return std::popcount(a ^ b); }

}  // namespace seedbed::image
