// Points in a plane, in the colours of their groups, with a legend.
//
//   Title
//   notes
//   +-----------------+  * group  12
//   |  *    *  +      |  + group  30
//   |     +   +       |
//   +-----------------+
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/image/image.h"

namespace seedbed::visualize {

struct ScatterPoint {
  double x = 0;  // to the right
  double y = 0;  // upwards
  size_t group = 0;
};

struct ScatterPlot {
  std::string title;
  std::vector<std::string> notes;  // each a paragraph
  std::string x_label = {};        // of the axis to the right, and of that upwards; may be empty
  std::string y_label = {};
  std::vector<std::string> groups;   // names
  std::vector<ScatterPoint> points;  // at least one
  bool large = false;                // with room for pictures
};

// A picture that stands where a point is, in a frame of its group's colour.
struct PlotPicture {
  size_t point = 0;
  image::Image picture;  // at most kPlotPictureSide wide and high
};
inline constexpr int kPlotPictureSide = 64;  // pixels

// Points of a large plot at which pictures of that side would stand side by side, none over another: as many as a fixed order of chance
// finds room for.
std::vector<size_t> PointsWithRoom(const ScatterPlot& plot);

// Both axes have one scale. Groups beyond the 20th have the first one's colours again, in other shapes; up to 100 of them can be told
// apart. The legend names the groups that have points, at most 160 of them.
absl::StatusOr<image::Image> DrawScatterPlot(const ScatterPlot& plot, const std::vector<PlotPicture>& pictures = {});

}  // namespace seedbed::visualize
