// RandAugment (Cubuk et al. 2019, arXiv:1909.13719) and TrivialAugment "wide" (Mueller and Hutter 2021, arXiv:2103.10158): operations drawn
// from a list, with magnitudes from a table. List, tables and rounding are those of torchvision's RandAugment and TrivialAugmentWide
// (torchvision/transforms/autoaugment.py, the same from 0.12 to 0.28), applied as to Pillow's pictures with interpolation NEAREST.
#pragma once

#include <cstdint>

#include "core/augment/step.h"
#include "core/base/philox.h"

namespace seedbed::augment {

enum class Operation {
  kIdentity,
  kShearX,      // magnitude: pixels to the side for each pixel down
  kShearY,      // pixels down for each pixel to the side
  kTranslateX,  // pixels, without fraction
  kTranslateY,
  kRotate,      // degrees, counter-clockwise
  kBrightness,  // how far the factor is from 1, as for the three after it
  kColor,
  kContrast,
  kSharpness,
  kPosterize,  // bits that are kept
  kSolarize,   // threshold
  kAutoContrast,
  kEqualize,
};
inline constexpr int kOperations = 14;

enum class MagnitudeTable { kRandAugment, kTrivialAugmentWide };

struct DrawnOperation {
  Operation operation;
  double magnitude;  // 0 where the operation has none
};

// The magnitude of bin 0 to bins - 1 (bins >= 2), without the sign that it may be given, in pictures of this size.
double MagnitudeOf(MagnitudeTable table, Operation operation, int bin, int bins, int width, int height);
// Whether the magnitude is negated in half of the cases.
bool IsSigned(Operation operation);

// Each operation is equally likely. Bin `magnitude`, or with a negative one each bin equally likely.
DrawnOperation DrawOperation(MagnitudeTable table, int magnitude, int bins, int width, int height, RandomStream* random);

// In place; what comes from outside of the picture becomes `fill`. Uses bytes 0 of the scratch.
void ApplyOperation(const DrawnOperation& drawn, uint8_t fill, Picture picture, Scratch* scratch);

}  // namespace seedbed::augment
