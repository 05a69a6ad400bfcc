// Noise for each pixel or each value, fast: numbers come from Philox by the thousand, 16 bits each.
//
// A normal number is the quantile of 14 of its 16 bits, from a table with 12 fractional bits that stays in the first cache: it has 16,384
// values, the largest 4.0 standard deviations from the mean. Noise is rounded to whole numbers anyway, as imgaug rounds it before adding it
// to 8-bit pictures. All is whole numbers, so that the result depends on no instruction set.
#pragma once

#include <cstdint>

#include "core/augment/step.h"

namespace seedbed::augment {

// Whose numbers: of a seed that was drawn for this picture.
struct NoiseSource {
  uint64_t seed = 0;
  uint64_t image = 0;
};

// The largest standard deviation that AddGaussianNoise takes, in grey levels.
inline constexpr double kLargestNoise = 127;

// Adds round(loc + scale z) to each value, or the same to the three of a pixel, with z of mean 0 and variance 1; cut off at 0 and 255.
// loc in [-255, 255] in steps of 1/16, scale in [0, kLargestNoise] in steps of 1/256.
void AddGaussianNoise(const NoiseSource& source, double loc, double scale, bool per_channel, Picture picture);

// Sets each value to 0 by the chance p, or the three of a pixel.
void DropPixels(const NoiseSource& source, double p, bool per_channel, Picture picture);

// The same for cells of a grid of rows x columns laid over the picture, each no smaller than a pixel (rows, columns <= height, width): a
// pixel belongs to the cell that OpenCV's nearest neighbour takes.
void DropCells(const NoiseSource& source, double p, bool per_channel, int rows, int columns, Picture picture, Scratch* scratch);

}  // namespace seedbed::augment
