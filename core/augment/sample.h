// Whose random numbers: one image in one epoch of one training.
#pragma once

#include <cstdint>

#include <string_view>

#include "core/base/philox.h"

namespace seedbed::augment {

struct Sample {
  uint64_t seed = 0;   // the training's
  uint32_t epoch = 0;  // from 0; with augment_views the number of the view
  uint64_t image = 0;  // the first 64 bits of the file's SHA-256: an image is changed the same way in whatever set it stands

  // The numbers of the step with this number (Step::number()).
  RandomStream Random(uint32_t step) const;
};

// Sample::image of the file with this SHA-256, in hex.
uint64_t ImageNumber(std::string_view sha256);

}  // namespace seedbed::augment
