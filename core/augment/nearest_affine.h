// Affine maps without interpolation, as Pillow's Image.transform and Image.rotate do them with NEAREST, bit for bit as of version 13
// (libImaging/Geometry.c): source positions are stepped through in 16.16 fixed point.
#pragma once

#include <cstdint>

#include "core/augment/step.h"
#include "core/augment/warp.h"

namespace seedbed::augment {

// Counter-clockwise about the middle of the picture, as Image.rotate.
AffineMap RotationMap(double degrees, int width, int height);

// In place; what lies outside of the source becomes `fill` in all channels. Uses bytes 0 of the scratch.
void ApplyNearest(const AffineMap& map, uint8_t fill, Picture picture, Scratch* scratch);

}  // namespace seedbed::augment
