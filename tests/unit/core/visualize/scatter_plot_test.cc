#include "core/visualize/scatter_plot.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::visualize {
namespace {

using Rgb = std::array<uint8_t, 3>;
constexpr Rgb kFirst = {31, 119, 180}, kSecond = {255, 127, 14};

ScatterPlot Plot(size_t points, size_t groups) {
  ScatterPlot plot{.title = "Map of features f", .notes = {"A note."}, .groups = {}, .points = {}};
  for (size_t group = 0; group < groups; ++group) plot.groups.push_back(absl::StrCat("class ", group));
  for (size_t i = 0; i < points; ++i) {
    const double angle = 2.4 * static_cast<double>(i), radius = std::sqrt(static_cast<double>(i));
    plot.points.push_back({radius * std::cos(angle), radius * std::sin(angle), i % groups});
  }
  return plot;
}

// Pixels that have about this colour: marks are a little transparent.
size_t PixelsOf(const Rgb& colour, const image::Image& image) {
  size_t pixels = 0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    bool same = true;
    for (size_t channel = 0; channel < 3; ++channel) same = same && std::abs(image.rgb[i + channel] - colour[channel]) < 22;
    pixels += same ? 1 : 0;
  }
  return pixels;
}

TEST(ScatterPlot, DrawsPointsAndLegendInTheirGroupsColours) {
  SB_ASSERT_OK_AND_ASSIGN(const image::Image one, DrawScatterPlot(Plot(40, 2)));
  SB_ASSERT_OK_AND_ASSIGN(const image::Image more, DrawScatterPlot(Plot(400, 2)));
  EXPECT_GT(PixelsOf(kFirst, one), 20u * 40);
  EXPECT_GT(PixelsOf(kSecond, one), 20u * 40);
  EXPECT_GT(PixelsOf(kFirst, more), 5 * PixelsOf(kFirst, one));
  // Of a group without points not even the legend speaks.
  ScatterPlot plot = Plot(40, 1);
  plot.groups.emplace_back("nobody");
  SB_ASSERT_OK_AND_ASSIGN(const image::Image alone, DrawScatterPlot(plot));
  EXPECT_EQ(PixelsOf(kSecond, alone), 0);
}

TEST(ScatterPlot, EqualPointsAndOneGroup) {
  ScatterPlot plot = Plot(5, 1);
  for (ScatterPoint& point : plot.points) point = {3, 3, 0};
  SB_ASSERT_OK_AND_ASSIGN(const image::Image image, DrawScatterPlot(plot));
  EXPECT_GT(PixelsOf(kFirst, image), 40);
}

TEST(ScatterPlot, ManyGroupsHaveRoomInTheLegend) {
  SB_ASSERT_OK_AND_ASSIGN(const image::Image some, DrawScatterPlot(Plot(1000, 30)));
  SB_ASSERT_OK_AND_ASSIGN(const image::Image many, DrawScatterPlot(Plot(1000, 500)));
  EXPECT_GT(many.width, some.width);
  EXPECT_LT(many.width, 2400);
}

TEST(ScatterPlot, LabelsStandOutsideThePlot) {
  ScatterPlot plot = Plot(40, 2);
  SB_ASSERT_OK_AND_ASSIGN(const image::Image bare, DrawScatterPlot(plot));
  plot.x_label = "component 1";
  plot.y_label = "component 2";
  SB_ASSERT_OK_AND_ASSIGN(const image::Image labelled, DrawScatterPlot(plot));
  EXPECT_GT(labelled.height, bare.height);
  EXPECT_EQ(labelled.width, bare.width);
}

TEST(ScatterPlot, PicturesDoNotHideEachOther) {
  ScatterPlot plot = Plot(900, 3);
  plot.large = true;
  const std::vector<size_t> points = PointsWithRoom(plot);
  EXPECT_GT(points.size(), 100u);
  EXPECT_LT(points.size(), 500u);
  std::vector<PlotPicture> pictures;
  const Rgb violet = {255, 0, 255};
  for (const size_t point : points) {
    PlotPicture& picture = pictures.emplace_back(PlotPicture{point, {kPlotPictureSide, kPlotPictureSide, {}}});
    for (int i = 0; i < kPlotPictureSide * kPlotPictureSide; ++i) {
      picture.picture.rgb.insert(picture.picture.rgb.end(), violet.begin(), violet.end());
    }
  }
  SB_ASSERT_OK_AND_ASSIGN(const image::Image image, DrawScatterPlot(plot, pictures));
  EXPECT_EQ(PixelsOf(violet, image), points.size() * kPlotPictureSide * kPlotPictureSide);
}

}  // namespace
}  // namespace seedbed::visualize
