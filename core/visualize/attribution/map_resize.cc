#include "core/visualize/attribution/map_resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace seedbed::visualize {
namespace {

// A place of the larger map lies between two of the smaller one, the second with `share`.
struct Between {
  size_t first = 0;
  size_t second = 0;
  float share = 0;
};

std::vector<Between> Axis(int from, int to) {
  std::vector<Between> places(static_cast<size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double at = std::max(0.0, (i + 0.5) * from / to - 0.5);
    const int first = std::min(static_cast<int>(at), from - 1);
    places[static_cast<size_t>(i)] = {.first = static_cast<size_t>(first),
                                      .second = static_cast<size_t>(std::min(first + 1, from - 1)),
                                      .share = static_cast<float>(at - first)};
  }
  return places;
}

}  // namespace

std::vector<float> ResizeMap(std::span<const float> map, MapSize from, MapSize to) {
  const std::vector<Between> columns = Axis(from.width, to.width), rows = Axis(from.height, to.height);
  const auto width = static_cast<size_t>(from.width);
  std::vector<float> resized;
  resized.reserve(columns.size() * rows.size());
  for (const Between& row : rows) {
    const float *upper = &map[row.first * width], *lower = &map[row.second * width];
    for (const Between& column : columns) {
      const float above = std::lerp(upper[column.first], upper[column.second], column.share);
      const float below = std::lerp(lower[column.first], lower[column.second], column.share);
      resized.push_back(std::lerp(above, below, row.share));
    }
  }
  return resized;
}

}  // namespace seedbed::visualize
