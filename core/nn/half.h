// Floating-point numbers of 16 bits: IEEE 754 binary16 and bfloat16 (the upper half of a float).
#pragma once

#include <cstdint>

namespace seedbed::nn {

float FloatFromHalf(uint16_t bits);
float FloatFromBfloat(uint16_t bits);

// Rounded to nearest, ties to even, as NumPy and PyTorch do. What is too large becomes infinity; a NaN stays one.
uint16_t HalfFromFloat(float value);
uint16_t BfloatFromFloat(float value);

}  // namespace seedbed::nn
