#include "core/augment/noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace seedbed::augment {
namespace {

constexpr int kSize = 100;

struct Flat {
  explicit Flat(uint8_t value) : rgb(size_t{3} * kSize * kSize, value) {}
  Picture picture() { return {.width = kSize, .height = kSize, .rgb = rgb}; }
  std::vector<uint8_t> rgb;
};

TEST(NoiseTest, HasItsMeanAndVariance) {
  Flat flat(128);
  AddGaussianNoise({.seed = 1, .image = 2}, 3, 10, true, flat.picture());
  double sum = 0, squares = 0;
  for (const uint8_t value : flat.rgb) {
    sum += value - 128.0;
    squares += (value - 128.0) * (value - 128.0);
  }
  const auto count = static_cast<double>(flat.rgb.size());
  EXPECT_NEAR(sum / count, 3, 5 * 10 / std::sqrt(count));
  // Rounding adds 1/12.
  EXPECT_NEAR(squares / count - sum * sum / count / count, 100 + 1.0 / 12, 5 * 100 * std::sqrt(2 / count));
}

TEST(NoiseTest, IsTheSameForAllChannelsUnlessPerChannel) {
  for (const bool per_channel : {false, true}) {
    Flat flat(128);
    AddGaussianNoise({.seed = 1, .image = 2}, 0, 20, per_channel, flat.picture());
    size_t grey = 0;
    for (size_t i = 0; i < flat.rgb.size(); i += 3) grey += flat.rgb[i] == flat.rgb[i + 1] && flat.rgb[i] == flat.rgb[i + 2];
    if (per_channel) {
      EXPECT_LT(grey, flat.rgb.size() / 3 / 100);
    } else {
      EXPECT_EQ(grey, flat.rgb.size() / 3);
    }
  }
}

TEST(NoiseTest, DependsOnSeedAndImage) {
  std::vector<std::vector<uint8_t>> results;
  for (const NoiseSource& source : {NoiseSource{1, 1}, NoiseSource{1, 2}, NoiseSource{2, 1}, NoiseSource{1, 1}}) {
    Flat flat(128);
    AddGaussianNoise(source, 0, 5, true, flat.picture());
    results.push_back(flat.rgb);
  }
  EXPECT_EQ(results[0], results[3]);
  EXPECT_NE(results[0], results[1]);
  EXPECT_NE(results[0], results[2]);
}

TEST(NoiseTest, ChanceOneDropsAllAndNoneNothing) {
  Scratch scratch;
  for (const bool per_channel : {false, true}) {
    for (const int chance : {0, 1}) {
      Flat pixels(9), cells(9);
      DropPixels({.seed = 3}, chance, per_channel, pixels.picture());
      DropCells({.seed = 3}, chance, per_channel, 7, 5, cells.picture(), &scratch);
      const auto kept = static_cast<std::ptrdiff_t>(chance == 1 ? 0 : pixels.rgb.size());
      EXPECT_EQ(std::count(pixels.rgb.begin(), pixels.rgb.end(), 9), kept);
      EXPECT_EQ(std::count(cells.rgb.begin(), cells.rgb.end(), 9), kept);
    }
  }
}

}  // namespace
}  // namespace seedbed::augment
