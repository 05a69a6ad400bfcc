// Colours changed as Pillow's ImageEnhance and ImageOps change them, bit for bit as of version 13 (ImageEnhance.py, ImageOps.py,
// libImaging/Blend.c, Convert.c and Filter.c), and hue as torchvision's adjust_hue does for pictures of Pillow's. All in place.
#pragma once

#include "core/augment/step.h"

namespace seedbed::augment {

// A factor of 1 changes nothing; 0 gives the picture that the operation leads away from, and more than 1 the other direction. Results are
// cut off at 0 and 255, and fractions are dropped.

// From black.
void AdjustBrightness(Picture picture, float factor);
// From the mean grey level of the whole picture.
void AdjustContrast(Picture picture, float factor);
// From the picture in grey.
void AdjustSaturation(Picture picture, float factor);
// From the picture smoothed with 3x3 weights (1 1 1, 1 5 1, 1 1 1) / 13; pixels at the edge stay. Uses bytes 0 of the scratch.
void AdjustSharpness(Picture picture, float factor, Scratch* scratch);

// Turns the hue by `turns` (-0.5 to 0.5) of the colour circle. By way of 8-bit HSV: colours come back slightly rounded, even without a
// turn.
void AdjustHue(Picture picture, double turns);

// Each channel becomes the luma (ITU-R 601) of its pixel.
void Grayscale(Picture picture);
// Keeps the upper bits, 1 to 8 of them.
void Posterize(Picture picture, int bits);
// Inverts the values from `threshold` on.
void Solarize(Picture picture, double threshold);
void Invert(Picture picture);
// Stretches each channel by itself so that its smallest value becomes 0 and its largest 255.
void AutoContrast(Picture picture);
// Makes the values of each channel by itself as equally frequent as possible.
void Equalize(Picture picture);

}  // namespace seedbed::augment
