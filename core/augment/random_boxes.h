// Boxes within pictures whose place, area and shape are drawn: what random_resized_crop keeps and random_erasing takes away.
#pragma once

#include <optional>

#include "core/augment/distribution.h"
#include "core/base/philox.h"

namespace seedbed::augment {

struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

struct BoxSettings {
  Range scale;  // area, as a part of the picture's
  Range ratio;  // width : height of crops, height : width of what is erased; drawn with equal chance for each factor, not difference
};

// torchvision's RandomResizedCrop.get_params: ten tries to find one that lies within the picture, then the largest one in the middle whose
// ratio is allowed.
Box DrawCrop(const BoxSettings& settings, int width, int height, RandomStream* random);

// torchvision's RandomErasing.get_params: ten tries to find one that is smaller than the picture, else nullopt.
std::optional<Box> DrawErasure(const BoxSettings& settings, int width, int height, RandomStream* random);

}  // namespace seedbed::augment
