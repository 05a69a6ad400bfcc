// Enlarging part of a picture, as crops do.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/augment/step.h"

namespace seedbed::augment {

// RGB pixels somewhere in memory, `stride` bytes from row to row.
struct PixelArea {
  const uint8_t* first = nullptr;
  size_t stride = 0;
  int width = 0;
  int height = 0;
};

// Fills the target from an area that is neither wider nor higher, in other memory: linear interpolation at the positions of OpenCV's
// INTER_AREA, with 16-bit weights. Uses the scratch's byte buffers 2 and 3 and integer buffer 0.
void Grow(const PixelArea& area, Picture target, Scratch* scratch);

}  // namespace seedbed::augment
