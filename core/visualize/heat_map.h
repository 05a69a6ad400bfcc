// Maps of numbers as people look at them: alone, and over the picture that they are about.
#pragma once

#include <span>

#include "core/image/image.h"

namespace seedbed::visualize {

// How numbers become colours.
enum class HeatScale {
  kPositive,  // 0 dark, the limit bright (inferno); below 0 as 0
  kSigned,    // 0 white; the limit red, the negative limit blue
};

// One number for each pixel, row by row.
struct HeatMap {
  int width = 0;
  int height = 0;
  std::span<const float> values;
  HeatScale scale = HeatScale::kPositive;
  float limit = 1;  // the value, or its magnitude, from which on a colour does not change; 0: all is as 0
};

// The magnitude that `share` of the values do not exceed: 1 is the largest one, and 0.99 leaves out what few pixels would outshine the rest
// with.
float LimitOf(std::span<const float> values, double share);

image::Image DrawHeatMap(const HeatMap& map);

// `picture` has the map's size. Where the map is 0 there is the picture, with its colours half taken away so that the map's stand out.
image::Image DrawOver(const image::Image& picture, const HeatMap& map);

}  // namespace seedbed::visualize
