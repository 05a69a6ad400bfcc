// How an image becomes the network's input. Travels with the model.
#pragma once

#include "core/image/resize.h"

namespace seedbed::image {

enum class Center { kMeanImage, kNone };

struct Preprocessing {
  int width = 150;  // pixels
  int height = 150;
  Filter interpolation = Filter::kBilinear;
  double rescale = 1.0 / 255.0;        // factor on 8-bit values
  Center center = Center::kMeanImage;  // the mean image itself (after rescale) is stored beside the weights
};

}  // namespace seedbed::image
