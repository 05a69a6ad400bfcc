// Loops over all values of a picture, for the instructions that the processor has. All give the same bytes. Private to this room.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace seedbed::augment {

// What becomes of a value v of each channel: offset + slope * (v - centre), in single precision, cut off at 0 and 255, without its
// fraction.
struct Lines {
  std::array<float, 3> offset;
  std::array<float, 3> slope;
  float centre;
};

// How noise comes of quantiles, in whole numbers: scale has 8 fractional bits, quantiles have 12 and the offset 4.
struct NoiseScale {
  int16_t scale;
  int16_t offset;
};

struct PixelKernels {
  // Whole pixels.
  void (*apply_lines)(const Lines& lines, std::span<uint8_t> rgb);
  // In place: quantiles to grey levels, negative where the number's highest bit is set. The level is (quantile * scale / 2^16 + offset) /
  // 2^4, both divisions rounding down.
  void (*scale_noise)(NoiseScale noise, std::span<const uint16_t> numbers, std::span<int16_t> quantiles);
  // Each level three times.
  void (*triple)(std::span<const int16_t> levels, int16_t* tripled);
  // Adds to as many values, cut off at 0 and 255.
  void (*add_levels)(std::span<const int16_t> levels, uint8_t* values);
  // The last pixel first.
  void (*flip_pixels)(std::span<uint8_t> rgb);
};

// `wide`: with AVX2, which the processor must then have.
const PixelKernels& ChoosePixelKernels(bool wide);
// Those of this processor.
const PixelKernels& WidestPixelKernels();

}  // namespace seedbed::augment
