#include "core/train/mean_image.h"

#include <algorithm>
#include <array>

namespace seedbed::train {
namespace {

constexpr size_t kBlockFeatures = 4'096;
// 32-bit sums of so many bytes cannot overflow.
constexpr size_t kSafeRows = size_t{1} << 24;

void SumBlock(std::span<const uint8_t* const> rows, size_t first, std::span<uint64_t> sums) {
  std::array<uint32_t, kBlockFeatures> partial;
  for (size_t begin = 0; begin < rows.size(); begin += kSafeRows) {
    partial.fill(0);
    for (const uint8_t* row : rows.subspan(begin, std::min(kSafeRows, rows.size() - begin))) {
      const uint8_t* pixels = row + first;
      for (size_t f = 0; f < sums.size(); ++f) partial[f] += pixels[f];
    }
    for (size_t f = 0; f < sums.size(); ++f) sums[f] += partial[f];
  }
}

}  // namespace

std::vector<float> MeanImage(std::span<const uint8_t* const> rows, const image::Preprocessing& preprocessing, ThreadTeam* team) {
  const size_t features = static_cast<size_t>(preprocessing.width) * static_cast<size_t>(preprocessing.height) * 3;
  const bool swap = preprocessing.channels == image::ChannelOrder::kBgr;
  std::vector<float> mean(features);
  team->ParallelFor((features + kBlockFeatures - 1) / kBlockFeatures, [&](size_t block, int) {
    const size_t first = block * kBlockFeatures;
    std::array<uint64_t, kBlockFeatures> sums{};
    const std::span<uint64_t> used = std::span(sums).first(std::min(kBlockFeatures, features - first));
    SumBlock(rows, first, used);
    for (size_t i = 0; i < used.size(); ++i) {
      const size_t pixel = (first + i) / 3, channel = (first + i) % 3;
      const size_t c = swap ? 2 - channel : channel;
      const double scaled = static_cast<double>(used[i]) / static_cast<double>(rows.size()) * preprocessing.rescale;
      mean[pixel * 3 + c] = static_cast<float>((scaled - preprocessing.mean[c]) / preprocessing.std[c]);
    }
  });
  return mean;
}

}  // namespace seedbed::train
