#include "core/train/channel_moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace seedbed::train {
namespace {

struct Sums {
  std::array<uint64_t, 3> values = {0, 0, 0};
  std::array<uint64_t, 3> squares = {0, 0, 0};
};

void Add(const uint8_t* row, size_t pixels, Sums* sums) {
  for (size_t pixel = 0; pixel < pixels; ++pixel, row += 3) {
    for (size_t c = 0; c < 3; ++c) {
      sums->values[c] += row[c];
      sums->squares[c] += uint64_t{row[c]} * row[c];
    }
  }
}

}  // namespace

void FitChannels(std::span<const uint8_t* const> rows, ThreadTeam* team, image::Preprocessing* preprocessing) {
  const size_t pixels = static_cast<size_t>(preprocessing->width) * static_cast<size_t>(preprocessing->height);
  std::vector<Sums> of_member(static_cast<size_t>(team->size()));
  team->ParallelFor(rows.size(), [&](size_t row, int member) { Add(rows[row], pixels, &of_member[static_cast<size_t>(member)]); });
  Sums total;
  for (const Sums& sums : of_member) {
    for (size_t c = 0; c < 3; ++c) {
      total.values[c] += sums.values[c];
      total.squares[c] += sums.squares[c];
    }
  }
  const double count = static_cast<double>(rows.size()) * static_cast<double>(pixels);
  for (size_t c = 0; c < 3; ++c) {
    const size_t source = preprocessing->channels == image::ChannelOrder::kBgr ? 2 - c : c;
    const double mean = static_cast<double>(total.values[source]) / count;
    const double variance = std::max(static_cast<double>(total.squares[source]) / count - mean * mean, 0.0);
    preprocessing->mean[c] = mean * preprocessing->rescale;
    const bool scale = preprocessing->featurewise == image::Standardize::kCenterAndScale;
    preprocessing->std[c] = scale ? std::sqrt(variance) * preprocessing->rescale + image::kStdEpsilon : 1;
  }
}

}  // namespace seedbed::train
