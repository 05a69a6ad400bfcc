#include "core/image/perceptual_hash.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "tests/unit/core/image/test_images.h"

namespace seedbed::image {
namespace {

Image Gradient(int width, int height, int step) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.rgb.insert(image.rgb.end(), 3, static_cast<uint8_t>(128 + step * (x - width / 2)));
  }
  return image;
}

TEST(PerceptualHash, HasABitForEachRise) {
  EXPECT_EQ(PerceptualHash(Gradient(90, 80, 1)), ~uint64_t{0});
  EXPECT_EQ(PerceptualHash(Gradient(90, 80, -1)), 0u);
  EXPECT_EQ(PerceptualHash(Gradient(90, 80, 0)), 0u);
  Image half = Gradient(90, 80, 1);
  std::fill(half.rgb.begin() + static_cast<ptrdiff_t>(half.rgb.size() / 2), half.rgb.end(), uint8_t{9});
  EXPECT_EQ(PerceptualHash(half), ~uint64_t{0} << 32) << "the first row is in the highest bits";
}

TEST(PerceptualHash, ChangesLittleWhenThePictureDoes) {
  const Image image = MakePicture(120, 90);
  Image brighter = image;
  for (uint8_t& value : brighter.rgb) value = static_cast<uint8_t>(std::min(255, value + 5));
  EXPECT_LE(HammingDistance(PerceptualHash(image), PerceptualHash(brighter)), 2);
  Image flipped = image;
  std::reverse(flipped.rgb.begin(), flipped.rgb.end());
  EXPECT_GE(HammingDistance(PerceptualHash(image), PerceptualHash(flipped)), 20);
}

TEST(PerceptualHash, TakesPicturesSmallerThanItsGrid) {
  EXPECT_EQ(PerceptualHash(Image{1, 1, {1, 2, 3}}), 0u);
  PerceptualHash(MakePicture(3, 2));
}

TEST(HammingDistance, CountsDifferingBits) {
  EXPECT_EQ(HammingDistance(0, 0), 0);
  EXPECT_EQ(HammingDistance(0b1011, 0b0001), 2);
  EXPECT_EQ(HammingDistance(0, ~uint64_t{0}), 64);
}

}  // namespace
}  // namespace seedbed::image
