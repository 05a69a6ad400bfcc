// A 64-bit fingerprint that changes little when a picture does.
#pragma once

#include <cstdint>

#include "core/image/image.h"

namespace seedbed::image {

// Gradient hash ("dHash"): grey, box-resized to 9x8, one bit per pair of neighbours in a row: left < right.
uint64_t PerceptualHash(const Image& image);

// Number of differing bits.
int HammingDistance(uint64_t a, uint64_t b);

}  // namespace seedbed::image
