#include "core/augment/random_boxes.h"

#include <gtest/gtest.h>

#include <cmath>

namespace seedbed::augment {
namespace {

constexpr int kWidth = 200, kHeight = 120;
constexpr BoxSettings kCrops{.scale = {0.08, 1}, .ratio = {0.75, 4.0 / 3}};

TEST(RandomBoxesTest, CropsLieWithinPictureAreaAndRatio) {
  RandomStream random(1, RandomPurpose::kAugment);
  double log_ratios = 0;
  for (int i = 0; i < 2'000; ++i) {
    const Box box = DrawCrop({.scale = {0.08, 0.5}, .ratio = kCrops.ratio}, kWidth, kHeight, &random);
    ASSERT_GE(box.x, 0);
    ASSERT_GE(box.y, 0);
    ASSERT_LE(box.x + box.width, kWidth);
    ASSERT_LE(box.y + box.height, kHeight);
    // Sides are rounded, so the smallest ones are off by up to one in 60.
    const double area = static_cast<double>(box.width) * box.height / (kWidth * kHeight);
    EXPECT_GT(area, 0.08 * 0.96);
    EXPECT_LT(area, 0.5 * 1.04);
    const double ratio = static_cast<double>(box.width) / box.height;
    EXPECT_GT(ratio, 0.75 * 0.96);
    EXPECT_LT(ratio, 4.0 / 3 * 1.04);
    log_ratios += std::log(ratio);
  }
  // Uniform from ln 3/4 to ln 4/3, so with a standard deviation of 0.166.
  EXPECT_NEAR(log_ratios / 2'000, 0, 5 * 0.166 / std::sqrt(2'000));
}

TEST(RandomBoxesTest, ACropThatFitsNowhereIsTheLargestInTheMiddle) {
  RandomStream random(1, RandomPurpose::kAugment);
  const BoxSettings whole{.scale = {1, 1}, .ratio = kCrops.ratio};
  const Box wide = DrawCrop(whole, 300, 30, &random);
  EXPECT_EQ(wide.width, 40);
  EXPECT_EQ(wide.height, 30);
  EXPECT_EQ(wide.x, 130);
  EXPECT_EQ(wide.y, 0);
  const Box high = DrawCrop(whole, 1, 2'000, &random);
  EXPECT_EQ(high.width, 1);
  EXPECT_EQ(high.height, 1);
  EXPECT_EQ(high.y, 999);
}

TEST(RandomBoxesTest, ErasuresAreSmallerThanThePicture) {
  RandomStream random(1, RandomPurpose::kAugment);
  int found = 0;
  for (int i = 0; i < 500; ++i) {
    const std::optional<Box> box = DrawErasure({.scale = {0.5, 1}, .ratio = {0.3, 3.3}}, kWidth, kHeight, &random);
    if (!box) continue;
    ++found;
    EXPECT_LT(box->width, kWidth);
    EXPECT_LT(box->height, kHeight);
    EXPECT_LE(box->x + box->width, kWidth);
    EXPECT_LE(box->y + box->height, kHeight);
  }
  EXPECT_GT(found, 400);
  EXPECT_FALSE(DrawErasure({.scale = {0.5, 1}, .ratio = {1, 1}}, 1, 1, &random));
}

}  // namespace
}  // namespace seedbed::augment
