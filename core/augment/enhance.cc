#include "core/augment/enhance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/augment/lookup.h"

namespace seedbed::augment {
namespace {

template <typename Value>
ByteTable MakeTable(Value value) {
  ByteTable table;
  for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = static_cast<uint8_t>(value(i));
  return table;
}

// Calls table(histogram) for each channel and applies what comes back to that channel.
template <typename MakeFromHistogram>
void ApplyByHistogram(Picture picture, MakeFromHistogram table) {
  std::array<std::array<uint32_t, 256>, 3> histograms{};
  for (size_t i = 0; i < picture.rgb.size(); i += 3) {
    for (size_t c = 0; c < 3; ++c) ++histograms[c][picture.rgb[i + c]];
  }
  ApplyTables({table(histograms[0]), table(histograms[1]), table(histograms[2])}, picture);
}

constexpr uint8_t Identity(int value) { return static_cast<uint8_t>(value); }

// Pillow's blend of two values: its clipping matters beyond 0 and 1 alone, where it changes nothing else.
uint8_t Blend(int from, int to, float factor) {
  const float mixed = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<uint8_t>(std::min(std::max(mixed, 0.0f), 255.0f));
}

// Rec. 601 luma in 16-bit fixed point, as Pillow's L24.
int Luma(const uint8_t* rgb) { return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16; }

struct Hsv {
  uint8_t hue;
  uint8_t saturation;
  uint8_t value;
};

// Which parts are computed in single and which in double precision is Pillow's choice, and decides roundings.
Hsv ToHsv(const uint8_t* rgb) {
  const uint8_t r = rgb[0], g = rgb[1], b = rgb[2];
  const uint8_t largest = std::max({r, g, b}), smallest = std::min({r, g, b});
  if (largest == smallest) return {0, 0, largest};
  const float range = static_cast<float>(largest - smallest);
  const float saturation = range / static_cast<float>(largest);
  const float red = static_cast<float>(largest - r) / range;
  const float green = static_cast<float>(largest - g) / range;
  const float blue = static_cast<float>(largest - b) / range;
  float sector = blue - green;
  if (r != largest) {
    sector = g == largest ? static_cast<float>(2.0 + double{red} - double{blue}) : static_cast<float>(4.0 + double{green} - double{red});
  }
  const double turned = sector / 6.0 + 1.0;  // in [0.8, 2)
  const float hue = static_cast<float>(turned >= 1 ? turned - 1 : turned);
  return {static_cast<uint8_t>(hue * 255.0), static_cast<uint8_t>(saturation * 255.0), largest};
}

// Of 0 to 255.
uint8_t RoundToByte(double value) {
  return static_cast<uint8_t>(value + 0.5);  // NOLINT(bugprone-incorrect-roundings): no value lies so close below a half
}

void FromHsv(Hsv hsv, uint8_t* rgb) {
  const uint8_t v = hsv.value;
  if (hsv.saturation == 0) {
    std::memset(rgb, v, 3);
    return;
  }
  const double position = hsv.hue * 6.0 / 255.0;
  const int sector = static_cast<int>(position);
  const float fraction = static_cast<float>(position - sector);
  const float saturation = static_cast<float>(hsv.saturation / 255.0);
  const uint8_t low = RoundToByte(v * (1.0 - double{saturation}));
  const uint8_t falling = RoundToByte(v * (1.0 - double{saturation * fraction}));
  const uint8_t rising = RoundToByte(v * (1.0 - double{saturation} * (1.0 - double{fraction})));
  const std::array<std::array<uint8_t, 3>, 6> by_sector = {
      {{v, rising, low}, {falling, v, low}, {low, v, rising}, {low, falling, v}, {rising, low, v}, {v, low, falling}}};
  std::memcpy(rgb, by_sector[static_cast<size_t>(sector % 6)].data(), 3);
}

}  // namespace

void AdjustBrightness(Picture picture, float factor) {
  ApplyTable(MakeTable([&](int value) { return Blend(0, value, factor); }), picture);
}

void AdjustContrast(Picture picture, float factor) {
  int64_t sum = 0;
  for (size_t i = 0; i < picture.rgb.size(); i += 3) sum += Luma(&picture.rgb[i]);
  const size_t pixels = picture.rgb.size() / 3;
  const int mean = static_cast<int>(std::lround(static_cast<double>(sum) / static_cast<double>(pixels)));
  ApplyTable(MakeTable([&](int value) { return Blend(mean, value, factor); }), picture);
}

void AdjustSaturation(Picture picture, float factor) {
  for (size_t i = 0; i < picture.rgb.size(); i += 3) {
    const int grey = Luma(&picture.rgb[i]);
    for (size_t c = 0; c < 3; ++c) picture.rgb[i + c] = Blend(grey, picture.rgb[i + c], factor);
  }
}

void AdjustSharpness(Picture picture, float factor, Scratch* scratch) {
  if (picture.width < 3 || picture.height < 3) return;
  const size_t stride = picture.row_bytes();
  // Lines are overwritten only after the next one has read them: two copies are enough.
  const std::span<uint8_t> copies = scratch->Bytes(0, 2 * stride);
  uint8_t* above = copies.data();
  uint8_t* here = copies.data() + stride;
  std::memcpy(above, picture.row(0), stride);
  for (int y = 1; y < picture.height - 1; ++y) {
    uint8_t* const row = picture.row(y);
    const uint8_t* const below = picture.row(y + 1);
    std::memcpy(here, row, stride);
    for (size_t i = 3; i < stride - 3; ++i) {
      const int around = above[i - 3] + above[i] + above[i + 3] + here[i - 3] + here[i + 3] + below[i - 3] + below[i] + below[i + 3];
      // Rounded to the nearest: Pillow's single precision can't reach a tie, as 13 is odd.
      const int smooth = (2 * (around + 5 * here[i]) + 13) / 26;
      row[i] = Blend(smooth, here[i], factor);
    }
    std::swap(above, here);
  }
}

void AdjustHue(Picture picture, double turns) {
  const uint8_t shift = static_cast<uint8_t>(static_cast<int>(turns * 255));
  for (size_t i = 0; i < picture.rgb.size(); i += 3) {
    Hsv hsv = ToHsv(&picture.rgb[i]);
    hsv.hue = static_cast<uint8_t>(hsv.hue + shift);  // beyond 255 the circle begins anew
    FromHsv(hsv, &picture.rgb[i]);
  }
}

void Grayscale(Picture picture) {
  for (size_t i = 0; i < picture.rgb.size(); i += 3) std::memset(&picture.rgb[i], Luma(&picture.rgb[i]), 3);
}

void Posterize(Picture picture, int bits) {
  const int dropped = (1 << (8 - bits)) - 1;
  for (uint8_t& value : picture.rgb) value = static_cast<uint8_t>(value & ~dropped);
}

void Solarize(Picture picture, double threshold) {
  ApplyTable(MakeTable([&](int value) { return value < threshold ? value : 255 - value; }), picture);
}

void Invert(Picture picture) {
  for (uint8_t& value : picture.rgb) value = static_cast<uint8_t>(255 - value);
}

void AutoContrast(Picture picture) {
  ApplyByHistogram(picture, [](const std::array<uint32_t, 256>& histogram) {
    const auto used = [](uint32_t count) { return count > 0; };
    const auto low = std::find_if(histogram.begin(), histogram.end(), used) - histogram.begin();
    const auto high = 255 - (std::find_if(histogram.rbegin(), histogram.rend(), used) - histogram.rbegin());
    if (high <= low) return MakeTable(Identity);
    const double scale = 255.0 / static_cast<double>(high - low);
    const double offset = static_cast<double>(-low) * scale;
    return MakeTable([&](int value) { return std::clamp(static_cast<int>(value * scale + offset), 0, 255); });
  });
}

void Equalize(Picture picture) {
  const uint32_t pixels = static_cast<uint32_t>(picture.rgb.size() / 3);
  ApplyByHistogram(picture, [&](const std::array<uint32_t, 256>& histogram) {
    const uint32_t largest = *std::find_if(histogram.rbegin(), histogram.rend(), [](uint32_t count) { return count > 0; });
    // With a single value, or with fewer pixels than levels, nothing can be equal.
    const uint32_t step = (pixels - largest) / 255;
    if (step == 0) return MakeTable(Identity);
    uint32_t below = step / 2;
    return MakeTable([&](int value) {
      const uint32_t level = below / step;
      below += histogram[static_cast<size_t>(value)];
      return std::min(level, 255u);
    });
  });
}

}  // namespace seedbed::augment
