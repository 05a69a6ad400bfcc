// Maps of a layer's size, brought to the picture's.
#pragma once

#include <span>
#include <vector>

namespace seedbed::visualize {

struct MapSize {
  int width = 0;
  int height = 0;
};

// Bilinear between the centres of the map's places, which divide the picture evenly; beyond the outermost centres as at them. As
// torch.nn.functional.interpolate(mode="bilinear", align_corners=False).
std::vector<float> ResizeMap(std::span<const float> map, MapSize from, MapSize to);

}  // namespace seedbed::visualize
