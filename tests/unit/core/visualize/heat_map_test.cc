#include "core/visualize/heat_map.h"

#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::visualize {
namespace {

using ::testing::ElementsAre;

std::vector<int> PixelOf(const image::Image& image, size_t pixel) {
  return {image.rgb.begin() + 3 * static_cast<ptrdiff_t>(pixel), image.rgb.begin() + 3 * static_cast<ptrdiff_t>(pixel) + 3};
}

int Brightness(const image::Image& image, size_t pixel) {
  const std::vector<int> rgb = PixelOf(image, pixel);
  return std::accumulate(rgb.begin(), rgb.end(), 0);
}

TEST(HeatMap, PositiveOnesGetBrighter) {
  const std::vector<float> values = {-1, 0, 0.25f, 0.5f, 0.75f, 1, 7};
  const image::Image drawn = DrawHeatMap({.width = 7, .height = 1, .values = values, .limit = 1});
  EXPECT_EQ(drawn.width, 7);
  EXPECT_EQ(PixelOf(drawn, 0), PixelOf(drawn, 1)) << "below 0 as 0";
  EXPECT_EQ(PixelOf(drawn, 5), PixelOf(drawn, 6)) << "beyond the limit as at it";
  EXPECT_LT(Brightness(drawn, 0), 30);
  for (size_t i = 1; i < 5; ++i) EXPECT_LT(Brightness(drawn, i), Brightness(drawn, i + 1));
}

TEST(HeatMap, SignedOnesAreBlueWhiteRed) {
  const std::vector<float> values = {-2, -1, 0, 1, 2};
  const image::Image drawn = DrawHeatMap({.width = 5, .height = 1, .values = values, .scale = HeatScale::kSigned, .limit = 2});
  EXPECT_THAT(PixelOf(drawn, 0), ElementsAre(33, 102, 172));
  EXPECT_THAT(PixelOf(drawn, 2), ElementsAre(247, 247, 247));
  EXPECT_THAT(PixelOf(drawn, 4), ElementsAre(178, 24, 43));
  EXPECT_GT(PixelOf(drawn, 1)[2], PixelOf(drawn, 1)[0]);
  EXPECT_GT(PixelOf(drawn, 3)[0], PixelOf(drawn, 3)[2]);
}

TEST(HeatMap, OfNothingIsAsZero) {
  const std::vector<float> values(4, 0.0f);
  for (const HeatScale scale : {HeatScale::kPositive, HeatScale::kSigned}) {
    const image::Image drawn = DrawHeatMap({.width = 2, .height = 2, .values = values, .scale = scale, .limit = 0});
    const image::Image zero = DrawHeatMap({.width = 2, .height = 2, .values = values, .scale = scale, .limit = 1});
    EXPECT_EQ(drawn.rgb, zero.rgb);
  }
}

TEST(HeatMap, OfWhatIsNoNumberIsAsZero) {
  const float infinite = std::numeric_limits<float>::infinity(), none = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {none, 0, 5, infinite, -infinite};
  for (const HeatScale scale : {HeatScale::kPositive, HeatScale::kSigned}) {
    const HeatMap map{.width = 5, .height = 1, .values = values, .scale = scale, .limit = LimitOf(values, 1)};
    EXPECT_EQ(map.limit, infinite);
    const image::Image drawn = DrawHeatMap(map);
    EXPECT_EQ(PixelOf(drawn, 0), PixelOf(drawn, 1));
    EXPECT_EQ(PixelOf(drawn, 2), PixelOf(drawn, 1));
    EXPECT_NE(PixelOf(drawn, 3), PixelOf(drawn, 1));
    EXPECT_EQ(DrawOver({5, 1, std::vector<uint8_t>(15, 9)}, map).rgb.size(), 15u);
  }
  EXPECT_EQ(LimitOf(std::vector<float>{none, 2, none}, 1), 2);
}

TEST(DrawOver, LeavesThePictureWhereTheMapIsZero) {
  const image::Image grey{2, 1, {100, 100, 100, 100, 100, 100}};
  const std::vector<float> values = {0, 1};
  const image::Image over = DrawOver(grey, {.width = 2, .height = 1, .values = values, .limit = 1});
  EXPECT_THAT(PixelOf(over, 0), ElementsAre(100, 100, 100));
  EXPECT_GT(Brightness(over, 1), Brightness(over, 0));
}

TEST(LimitOf, LeavesOutWhatOutshinesTheRest) {
  std::vector<float> values(1000);
  std::iota(values.begin(), values.end(), -999.0f);
  values.back() = -1e6f;
  EXPECT_EQ(LimitOf(values, 1.0), 1e6f);
  EXPECT_NEAR(LimitOf(values, 0.99), 989, 2);
  EXPECT_EQ(LimitOf({}, 0.99), 0);
  std::vector<float> few(1000, 0.0f);
  few[3] = -5;
  EXPECT_EQ(LimitOf(few, 0.99), 5) << "a map that is 0 but for a few pixels";
}

}  // namespace
}  // namespace seedbed::visualize
