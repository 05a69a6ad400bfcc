// The inner loop of warping. Private to this room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace seedbed::augment {

// Weights are fixed point with this many fractional bits: 1 still fits 16 signed bits.
inline constexpr int kWeightBits = 14;
inline constexpr int32_t kWeightOne = 1 << kWeightBits;
// Fractional bits after the first of both interpolations: values then fit 16 signed bits.
inline constexpr int kLineBits = 7;
// Fractional bits after both.
inline constexpr int kValueBits = kLineBits + kWeightBits;
// How far behind the last pixel SampleRow may read.
inline constexpr size_t kSampleOverread = 8;

// Where the pixels of a part of a row come from; as many entries each.
struct RowTaps {
  std::span<const int32_t> offset;     // in bytes, of the upper left of four pixels
  std::span<const int32_t> x_weights;  // of the right pixels, times 2^16, plus that of the left ones; they add up to kWeightOne
  std::span<const int32_t> y_weights;  // of the lower and the upper ones, likewise
};

inline int32_t PackWeights(int32_t second) { return static_cast<int32_t>(static_cast<uint32_t>(second) << 16) | (kWeightOne - second); }

// Four RGB pixels weighted into one: first top to bottom, then left to right. `bias` has kValueBits.
inline void Blend(const std::array<const uint8_t*, 4>& pixels, int32_t x_weight, int32_t y_weight, int32_t bias, uint8_t* target) {
  constexpr int kShift = kWeightBits - kLineBits;
  constexpr int32_t kHalf = 1 << (kShift - 1);
  for (int c = 0; c < 3; ++c) {
    const int32_t left = (pixels[0][c] * (kWeightOne - y_weight) + pixels[2][c] * y_weight + kHalf) >> kShift;
    const int32_t right = (pixels[1][c] * (kWeightOne - y_weight) + pixels[3][c] * y_weight + kHalf) >> kShift;
    target[c] = static_cast<uint8_t>((left * (kWeightOne - x_weight) + right * x_weight + bias) >> kValueBits);
  }
}

// Writes a part of a row of RGB pixels; `stride`: from a source pixel to the one below. Both give the same bytes.
void SampleRow(const uint8_t* source, size_t stride, const RowTaps& taps, int32_t bias, uint8_t* target);
void SampleRowPortably(const uint8_t* source, size_t stride, const RowTaps& taps, int32_t bias, uint8_t* target);

}  // namespace seedbed::augment
