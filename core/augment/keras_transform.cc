#include "core/augment/keras_transform.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace seedbed::augment {
namespace {

double Radians(double degrees) { return degrees * (std::numbers::pi / 180); }

// Over Keras's first and second coordinate, here x and y. Identities are left out, as Keras does: they round nothing.
AffineMap Product(const KerasTransform& transform) {
  AffineMap product;
  if (transform.theta != 0) {
    const double theta = Radians(transform.theta);
    product = {.xx = std::cos(theta), .xy = -std::sin(theta), .yx = std::sin(theta), .yy = std::cos(theta)};
  }
  if (transform.tx != 0 || transform.ty != 0) product = Compose(product, {.x0 = transform.tx, .y0 = transform.ty});
  if (transform.shear != 0) {
    const double shear = Radians(transform.shear);
    product = Compose(product, {.xy = -std::sin(shear), .yy = std::cos(shear)});
  }
  if (transform.zx != 1 || transform.zy != 1) product = Compose(product, {.xx = transform.zx, .yy = transform.zy});
  return product;
}

// The same map where the first coordinate is the row.
AffineMap Exchanged(const AffineMap& map) { return {.xx = map.yy, .xy = map.yx, .x0 = map.y0, .yx = map.xy, .yy = map.xx, .y0 = map.x0}; }

// value + offset, kept within the least and the greatest value.
void AddWithin(int offset, Picture picture) {
  if (picture.rgb.empty() || offset == 0) return;
  const auto [least, greatest] = std::minmax_element(picture.rgb.begin(), picture.rgb.end());
  const int low = *least, high = *greatest;
  for (uint8_t& value : picture.rgb) value = static_cast<uint8_t>(std::clamp(value + offset, low, high));
}

}  // namespace

AffineMap KerasMap(const KerasTransform& transform, int width, int height, KerasCompat compat) {
  const AffineMap product = Product(transform);
  if (product == AffineMap{}) return product;
  if (compat == KerasCompat::kKeras2) return Exchanged(AboutPoint(product, height / 2.0 + 0.5, width / 2.0 + 0.5));
  return AboutPoint(product, height / 2.0 - 0.5, width / 2.0 - 0.5);
}

void ApplyKerasTransform(const KerasTransform& transform, const KerasSettings& settings, Picture picture, Scratch* scratch) {
  // Keras has fractions until brightness cuts them off, or the end, where they are rounded. The fraction of the shift is added before.
  const double offset = transform.channel_shift_intensity.value_or(0) + (transform.brightness ? 0 : 0.5);
  const double whole = std::floor(offset);
  const AffineMap map = KerasMap(transform, picture.width, picture.height, settings.compat);
  if (map != AffineMap{}) {
    const uint8_t fill = settings.fill;
    Warp({.map = map, .border = settings.border, .fill = {fill, fill, fill}, .bias = offset - whole}, picture, scratch);
  }
  AddWithin(static_cast<int>(whole), picture);
  if (transform.flip_horizontal) FlipColumns(picture);
  if (transform.flip_vertical) FlipRows(picture);
  if (transform.brightness) ScaleBrightness(*transform.brightness, picture);
}

void ShiftChannels(double intensity, Picture picture) { AddWithin(static_cast<int>(std::floor(intensity + 0.5)), picture); }

void ScaleBrightness(double factor, Picture picture) {
  std::array<uint8_t, 256> scaled;
  const auto single = static_cast<float>(factor);
  for (size_t value = 0; value < scaled.size(); ++value) {
    scaled[value] = static_cast<uint8_t>(std::min(static_cast<float>(value) * single, 255.0F));
  }
  for (uint8_t& value : picture.rgb) value = scaled[value];
}

}  // namespace seedbed::augment
