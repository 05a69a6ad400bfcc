#include "core/nn/half.h"

#include <bit>

namespace seedbed::nn {
namespace {

constexpr uint32_t kInfinity = 0x7F800000;  // of a float

// value / 2^shift, rounded to nearest, ties to even. A carry into the exponent is right: the next number begins there.
uint32_t RoundedShift(uint32_t value, int shift) { return (value + (1u << (shift - 1)) - 1 + ((value >> shift) & 1)) >> shift; }

}  // namespace

float FloatFromHalf(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16, exponent = (bits >> 10) & 0x1Fu, fraction = bits & 0x3FFu;
  if (exponent == 0) {  // zero, or a subnormal number: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign == 0 ? magnitude : -magnitude;
  }
  const uint32_t wide = exponent == 0x1F ? 0xFFu : exponent + 112;  // 127 - 15
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

float FloatFromBfloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t HalfFromFloat(float value) {
  constexpr uint32_t kSmallestNormal = 0x38800000;  // 2^-14
  constexpr uint32_t kTooLarge = 0x47800000;        // 2^16; what rounding brings there carries into infinity by itself
  const uint32_t bits = std::bit_cast<uint32_t>(value), magnitude = bits & 0x7FFFFFFFu;
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  if (magnitude > kInfinity) return static_cast<uint16_t>(sign | 0x7E00u);
  if (magnitude >= kTooLarge) return static_cast<uint16_t>(sign | 0x7C00u);
  if (magnitude >= kSmallestNormal) return static_cast<uint16_t>(sign | RoundedShift(magnitude - (112u << 23), 13));
  // Subnormal: a multiple of 2^-24, which adding 0.5 brings to the end of the fraction, rounded as floats are.
  const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
  return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(aligned) - std::bit_cast<uint32_t>(0.5f)));
}

uint16_t BfloatFromFloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > kInfinity) return static_cast<uint16_t>(bits >> 16 | 0x40u);  // quiet, so that it cannot become infinity
  return static_cast<uint16_t>(RoundedShift(bits, 16));
}

}  // namespace seedbed::nn
