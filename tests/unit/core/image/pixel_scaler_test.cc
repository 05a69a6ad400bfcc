#include "core/image/pixel_scaler.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace seedbed::image {
namespace {

// Lengths below, at and beyond the blocks in which pixels are worked on.
constexpr std::array<size_t, 6> kPixelCounts = {1, 15, 16, 17, 100, 22'500};

std::vector<uint8_t> SomePixels(size_t count) {
  std::vector<uint8_t> pixels(3 * count);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37 + i / 256);
  return pixels;
}

std::vector<float> Scaled(const Preprocessing& preprocessing, const std::vector<uint8_t>& pixels,
                          const std::vector<float>& mean_image = {}) {
  std::vector<float> input(pixels.size());
  PixelScaler(preprocessing, mean_image).Apply(pixels, input);
  return input;
}

TEST(PixelScaler, RescalesAndSubtractsTheMeanImage) {
  const std::vector<uint8_t> pixels(24, 255);
  std::vector<float> mean_image(24, 0.25f);
  mean_image[1] = 0.5f;
  const std::vector<float> input = Scaled({}, pixels, mean_image);
  EXPECT_FLOAT_EQ(input[0], 0.75f);
  EXPECT_FLOAT_EQ(input[1], 0.5f);
  EXPECT_FLOAT_EQ(Scaled({}, pixels)[0], 1.0f);
}

TEST(PixelScaler, IsTheFormulaBitForBit) {
  for (const std::string& name : PresetNames()) {
    Preprocessing preprocessing = *PresetNamed(name);
    for (const size_t count : kPixelCounts) {
      const std::vector<uint8_t> pixels = SomePixels(count);
      const std::vector<float> input = Scaled(preprocessing, pixels);
      for (size_t i = 0; i < pixels.size(); ++i) {
        const size_t channel = i % 3;
        const size_t source = preprocessing.channels == ChannelOrder::kBgr ? i - channel + (2 - channel) : i;
        volatile float x = static_cast<float>(pixels[source]) * static_cast<float>(preprocessing.rescale);
        x = x - static_cast<float>(preprocessing.mean[channel]);
        x = x / static_cast<float>(preprocessing.std[channel]);
        ASSERT_EQ(input[i], x) << name << ", value " << i << " of " << count << " pixels";
      }
    }
  }
}

TEST(PixelScaler, MeanImageIsInTheNetworksOrder) {
  Preprocessing preprocessing = *PresetNamed("keras_caffe");
  preprocessing.center = Center::kMeanImage;
  const std::vector<float> input = Scaled(preprocessing, {10, 20, 30}, {1, 2, 3});
  EXPECT_FLOAT_EQ(input[0], 30 - 103.939f - 1);
  EXPECT_FLOAT_EQ(input[2], 10 - 123.68f - 3);
}

TEST(PixelScaler, StandardizesPicturesByTheirOwnValues) {
  Preprocessing preprocessing;
  preprocessing.center = Center::kNone;
  for (const size_t count : kPixelCounts) {
    const std::vector<uint8_t> pixels = SomePixels(count);
    double mean = 0, variance = 0;
    for (const uint8_t value : pixels) mean += value / 255.0 / static_cast<double>(pixels.size());
    for (const uint8_t value : pixels) variance += std::pow(value / 255.0 - mean, 2) / static_cast<double>(pixels.size());
    preprocessing.samplewise = Standardize::kCenter;
    const std::vector<float> centered = Scaled(preprocessing, pixels);
    preprocessing.samplewise = Standardize::kCenterAndScale;
    const std::vector<float> standardized = Scaled(preprocessing, pixels);
    for (size_t i = 0; i < pixels.size(); ++i) {
      EXPECT_NEAR(centered[i], pixels[i] / 255.0 - mean, 1e-6);
      EXPECT_NEAR(standardized[i], (pixels[i] / 255.0 - mean) / (std::sqrt(variance) + 1e-6), 1e-5);
    }
  }
}

TEST(PixelScaler, StandardizesByThePictureBeforeTheChannels) {
  Preprocessing preprocessing;
  preprocessing.samplewise = Standardize::kCenter;
  preprocessing.channels = ChannelOrder::kBgr;
  preprocessing.mean = {0.5, 0, 0};
  preprocessing.std = {2, 1, 1};
  const std::vector<float> input = Scaled(preprocessing, {0, 0, 255});
  EXPECT_NEAR(input[0], (1 - 1 / 3.0 - 0.5) / 2, 1e-6);
  EXPECT_NEAR(input[2], -1 / 3.0, 1e-6);
}

// A picture of one colour has no deviation to divide by.
TEST(PixelScaler, DividesNothingByZero) {
  Preprocessing preprocessing;
  preprocessing.samplewise = Standardize::kCenterAndScale;
  for (const float value : Scaled(preprocessing, std::vector<uint8_t>(300, 77))) EXPECT_NEAR(value, 0, 0.1);
}

}  // namespace
}  // namespace seedbed::image
