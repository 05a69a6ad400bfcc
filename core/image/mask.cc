#include "core/image/mask.h"

#include <algorithm>

namespace seedbed::image {
namespace {

uint8_t Smaller(uint8_t a, uint8_t b) { return std::min(a, b); }
uint8_t Larger(uint8_t a, uint8_t b) { return std::max(a, b); }

// target[i] = the most extreme of source[i - reach] to source[i + reach] in the order of `choose`, where i * step are elements of `count`
// that lie within. Elements are `step` bytes wide: lines of a picture, or single pixels.
template <uint8_t (*choose)(uint8_t, uint8_t)>
void Spread(const uint8_t* source, size_t count, size_t step, size_t reach, uint8_t* target) {
  std::copy_n(source, count * step, target);
  for (size_t offset = 1; offset <= std::min(reach, count - 1); ++offset) {
    const size_t distance = offset * step, bytes = (count - offset) * step;
    for (size_t i = 0; i < bytes; ++i) target[i] = choose(target[i], source[i + distance]);
    for (size_t i = 0; i < bytes; ++i) target[i + distance] = choose(target[i + distance], source[i]);
  }
}

template <uint8_t (*choose)(uint8_t, uint8_t)>
void SpreadSquare(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch) {
  const auto columns = static_cast<size_t>(width), lines = static_cast<size_t>(height), reach = static_cast<size_t>(radius);
  for (size_t y = 0; y < lines; ++y) Spread<choose>(mask.data() + y * columns, columns, 1, reach, scratch.data() + y * columns);
  Spread<choose>(scratch.data(), lines, columns, reach, mask.data());
}

// A part of the foreground, filled from its first pixel on.
class PartFiller {
 public:
  PartFiller(int width, int height, std::span<const uint8_t> mask, std::span<int32_t> scratch)
      : width_(width), height_(height), mask_(mask), parts_(scratch.first(mask.size())), waiting_(scratch.subspan(mask.size())) {
    std::fill(parts_.begin(), parts_.end(), 0);
  }

  int32_t part(size_t pixel) const { return parts_[pixel]; }

  // Gives the number to all pixels connected with the first one; returns how many they are.
  size_t Fill(int32_t first, int32_t number) {
    size_t done = 0, found = 0;
    const auto take = [&](int32_t pixel) {
      const auto at = static_cast<size_t>(pixel);
      if (mask_[at] == 0 || parts_[at] != 0) return;
      parts_[at] = number;
      waiting_[found++] = pixel;
    };
    take(first);
    while (done < found) {
      const int32_t pixel = waiting_[done++];
      const int x = pixel % width_, y = pixel / width_;
      for (int line = std::max(y - 1, 0); line <= std::min(y + 1, height_ - 1); ++line) {
        for (int column = std::max(x - 1, 0); column <= std::min(x + 1, width_ - 1); ++column) take(line * width_ + column);
      }
    }
    return found;
  }

 private:
  const int width_;
  const int height_;
  const std::span<const uint8_t> mask_;
  const std::span<int32_t> parts_;    // by pixel, from 1; 0: none yet
  const std::span<int32_t> waiting_;  // pixels whose neighbours have not been looked at, after those that have
};

}  // namespace

void Erode(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch) {
  SpreadSquare<Smaller>(width, height, radius, mask, scratch);
}

void Dilate(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch) {
  SpreadSquare<Larger>(width, height, radius, mask, scratch);
}

void Open(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch) {
  if (radius == 0) return;
  Erode(width, height, radius, mask, scratch);
  Dilate(width, height, radius, mask, scratch);
}

void Close(int width, int height, int radius, std::span<uint8_t> mask, std::span<uint8_t> scratch) {
  if (radius == 0) return;
  Dilate(width, height, radius, mask, scratch);
  Erode(width, height, radius, mask, scratch);
}

void KeepLargestPart(int width, int height, std::span<uint8_t> mask, std::span<int32_t> scratch) {
  PartFiller filler(width, height, mask, scratch);
  int32_t parts = 0, largest = 0;
  size_t most = 0;
  for (size_t pixel = 0; pixel < mask.size(); ++pixel) {
    if (mask[pixel] == 0 || filler.part(pixel) != 0) continue;
    const size_t pixels = filler.Fill(static_cast<int32_t>(pixel), ++parts);
    if (pixels <= most) continue;
    most = pixels;
    largest = parts;
  }
  for (size_t pixel = 0; pixel < mask.size(); ++pixel) mask[pixel] = mask[pixel] != 0 && filler.part(pixel) == largest ? kForeground : 0;
}

}  // namespace seedbed::image
