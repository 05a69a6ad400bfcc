#include "core/train/channel_moments.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/base/philox.h"

namespace seedbed::train {
namespace {

constexpr size_t kRows = 57;
constexpr size_t kValues = size_t{3} * 13 * 11;

struct Pictures {
  Pictures() {
    preprocessing.width = 13;
    preprocessing.height = 11;
    RandomStream random(4, RandomPurpose::kGenerate);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.NextBelow(200));
    for (size_t i = 0; i < kRows; ++i) rows.push_back(&pixels[i * kValues]);
  }
  image::Preprocessing preprocessing;
  std::vector<uint8_t> pixels = std::vector<uint8_t>(kRows * kValues);
  std::vector<const uint8_t*> rows;
};

TEST(FitChannels, IsKerassFormula) {
  Pictures pictures;
  image::Preprocessing& fitted = pictures.preprocessing;
  fitted.featurewise = image::Standardize::kCenterAndScale;
  fitted.channels = image::ChannelOrder::kBgr;
  ThreadTeam team(2);
  FitChannels(pictures.rows, &team, &fitted);
  constexpr double kCount = kRows * kValues / 3.0;
  for (size_t c = 0; c < 3; ++c) {
    double mean = 0, variance = 0;
    for (size_t i = 2 - c; i < pictures.pixels.size(); i += 3) mean += pictures.pixels[i] / 255.0 / kCount;
    for (size_t i = 2 - c; i < pictures.pixels.size(); i += 3) variance += std::pow(pictures.pixels[i] / 255.0 - mean, 2) / kCount;
    EXPECT_NEAR(fitted.mean[c], mean, 1e-12);
    EXPECT_NEAR(fitted.std[c], std::sqrt(variance) + 1e-6, 1e-12);
  }
}

TEST(FitChannels, LeavesTheDeviationWhereOnlyTheMeanIsAskedFor) {
  Pictures pictures;
  pictures.preprocessing.featurewise = image::Standardize::kCenter;
  ThreadTeam team(1);
  FitChannels(pictures.rows, &team, &pictures.preprocessing);
  EXPECT_GT(pictures.preprocessing.mean[0], 0.3);
  EXPECT_EQ(pictures.preprocessing.std, (std::array<double, 3>{1, 1, 1}));
}

TEST(FitChannels, IsTheSameForAnyNumberOfThreads) {
  Pictures one, three;
  one.preprocessing.featurewise = three.preprocessing.featurewise = image::Standardize::kCenterAndScale;
  ThreadTeam alone(1), team(3);
  FitChannels(one.rows, &alone, &one.preprocessing);
  FitChannels(three.rows, &team, &three.preprocessing);
  EXPECT_EQ(one.preprocessing, three.preprocessing);
}

}  // namespace
}  // namespace seedbed::train
