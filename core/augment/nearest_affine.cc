#include "core/augment/nearest_affine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

namespace seedbed::augment {
namespace {

constexpr int kFractionBits = 16;

int64_t Fixed(double value) { return static_cast<int64_t>(std::floor(value * (1 << kFractionBits) + 0.5)); }

}  // namespace

AffineMap RotationMap(double degrees, int width, int height) {
  const double angle = -degrees * (std::numbers::pi / 180);
  const double cosine = std::cos(angle), sine = std::sin(angle);
  return AboutPoint({.xx = cosine, .xy = sine, .yx = -sine, .yy = cosine}, (width - 1) / 2.0, (height - 1) / 2.0);
}

void ApplyNearest(const AffineMap& map, uint8_t fill, Picture picture, Scratch* scratch) {
  const std::span<uint8_t> source = scratch->Bytes(0, picture.rgb.size());
  std::copy(picture.rgb.begin(), picture.rgb.end(), source.begin());
  std::fill(picture.rgb.begin(), picture.rgb.end(), fill);
  const int64_t x_step = Fixed(map.xx), y_step = Fixed(map.yx), next_row_x = Fixed(map.xy), next_row_y = Fixed(map.yy);
  const auto width = static_cast<uint64_t>(picture.width), height = static_cast<uint64_t>(picture.height);
  int64_t row_x = Fixed(map.x0 + 0.5), row_y = Fixed(map.y0 + 0.5);
  uint8_t* target = picture.rgb.data();
  for (int y = 0; y < picture.height; ++y, row_x += next_row_x, row_y += next_row_y) {
    int64_t x_at = row_x, y_at = row_y;
    for (int x = 0; x < picture.width; ++x, x_at += x_step, y_at += y_step, target += 3) {
      // Negative ones become large.
      const auto from_x = static_cast<uint64_t>(x_at >> kFractionBits), from_y = static_cast<uint64_t>(y_at >> kFractionBits);
      if (from_x < width && from_y < height) std::memcpy(target, &source[3 * (from_y * width + from_x)], 3);
    }
  }
}

}  // namespace seedbed::augment
