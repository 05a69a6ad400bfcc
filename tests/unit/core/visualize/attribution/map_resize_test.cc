#include "core/visualize/attribution/map_resize.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::visualize {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;

TEST(ResizeMap, IsLinearBetweenCentres) {
  const std::vector<float> map = {0, 4};
  EXPECT_THAT(ResizeMap(map, {2, 1}, {4, 1}), ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(ResizeMap(map, {1, 2}, {1, 4}), ElementsAre(0, 1, 3, 4));
  const std::vector<float> square = {0, 8, 16, 24};
  EXPECT_THAT(ResizeMap(square, {2, 2}, {3, 3}), ElementsAre(0, 4, 8, 8, 12, 16, 16, 20, 24));
}

TEST(ResizeMap, KeepsWhatItIs) {
  const std::vector<float> map = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(ResizeMap(map, {3, 2}, {3, 2}), map);
  EXPECT_THAT(ResizeMap(std::vector<float>{7}, {1, 1}, {5, 3}), Each(7.0f));
  EXPECT_THAT(ResizeMap(std::vector<float>(49, 0.3f), {7, 7}, {224, 150}), Each(FloatNear(0.3f, 1e-7f)));
}

}  // namespace
}  // namespace seedbed::visualize
