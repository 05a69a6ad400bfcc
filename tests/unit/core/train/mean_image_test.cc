#include "core/train/mean_image.h"

#include <gtest/gtest.h>

#include "core/base/philox.h"
#include "core/image/pixel_scaler.h"

namespace seedbed::train {
namespace {

struct Pictures {
  Pictures() {
    preprocessing.width = 61;
    preprocessing.height = 70;
    pixels.resize(kCount * values());
    RandomStream random(3, RandomPurpose::kGenerate);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.NextBelow(256));
    for (size_t i = 0; i < kCount; ++i) rows.push_back(&pixels[i * values()]);
  }
  size_t values() const { return static_cast<size_t>(preprocessing.width * preprocessing.height * 3); }

  static constexpr size_t kCount = 257;
  image::Preprocessing preprocessing;
  std::vector<uint8_t> pixels;
  std::vector<const uint8_t*> rows;
};

TEST(MeanImage, IsExactForAnyNumberOfThreads) {
  const Pictures pictures;
  ThreadTeam one(1), three(3);
  const std::vector<float> mean = MeanImage(pictures.rows, pictures.preprocessing, &one);
  EXPECT_EQ(mean, MeanImage(pictures.rows, pictures.preprocessing, &three));
  for (size_t f = 0; f < pictures.values(); f += 97) {
    uint64_t sum = 0;
    for (const uint8_t* row : pictures.rows) sum += row[f];
    EXPECT_FLOAT_EQ(mean[f], static_cast<float>(static_cast<double>(sum) / Pictures::kCount / 255));
  }
}

// What the network gets has the mean 0 then.
TEST(MeanImage, IsThatOfTheFinishedInputs) {
  Pictures pictures;
  pictures.preprocessing.channels = image::ChannelOrder::kBgr;
  pictures.preprocessing.mean = {0.4, 0.5, 0.6};
  pictures.preprocessing.std = {0.1, 0.2, 0.4};
  ThreadTeam team(2);
  const image::PixelScaler scaler(pictures.preprocessing, MeanImage(pictures.rows, pictures.preprocessing, &team));
  std::vector<float> input(pictures.values());
  std::vector<double> sums(pictures.values());
  for (const uint8_t* row : pictures.rows) {
    scaler.Apply({row, pictures.values()}, input);
    for (size_t f = 0; f < input.size(); ++f) sums[f] += input[f];
  }
  for (const double sum : sums) EXPECT_NEAR(sum / Pictures::kCount, 0, 1e-6);
}

}  // namespace
}  // namespace seedbed::train
