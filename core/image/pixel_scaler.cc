#include "core/image/pixel_scaler.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace seedbed::image {

PixelScaler::PixelScaler(const Preprocessing& preprocessing, std::vector<float> mean_image)
    : swap_(preprocessing.channels == ChannelOrder::kBgr),
      plain_(preprocessing.mean == Preprocessing().mean && preprocessing.std == Preprocessing().std),
      samplewise_(preprocessing.samplewise),
      scale_(static_cast<float>(preprocessing.rescale)),
      mean_image_(std::move(mean_image)) {
  for (size_t i = 0; i < kBlock; ++i) {
    mean_[i] = static_cast<float>(preprocessing.mean[i % 3]);
    std_[i] = static_cast<float>(preprocessing.std[i % 3]);
  }
}

// The sums are integers: exact, and in no order.
PixelScaler::Own PixelScaler::OwnOf(std::span<const uint8_t> pixels) const {
  if (samplewise_ == Standardize::kNone || pixels.empty()) return {};
  uint64_t sum = 0, squares = 0;
  for (const uint8_t value : pixels) {
    sum += value;
    squares += uint64_t{value} * value;
  }
  const auto count = static_cast<double>(pixels.size());
  const double mean = static_cast<double>(sum) / count;
  Own own{.mean = static_cast<float>(mean * scale_)};
  if (samplewise_ == Standardize::kCenterAndScale) {
    const double variance = std::max(static_cast<double>(squares) / count - mean * mean, 0.0);
    own.std = static_cast<float>(std::sqrt(variance) * scale_ + kStdEpsilon);
  }
  return own;
}

// Loops of a constant length, which the compiler makes vectors of.
void PixelScaler::ApplyBlock(const uint8_t* pixels, const Own& own, float* input) const {
  std::array<uint8_t, kBlock> swapped;
  if (swap_) {
    for (size_t i = 0; i < kBlock; i += 3) {
      swapped[i] = pixels[i + 2];
      swapped[i + 1] = pixels[i + 1];
      swapped[i + 2] = pixels[i];
    }
    pixels = swapped.data();
  }
  if (samplewise_ != Standardize::kNone) {
    for (size_t i = 0; i < kBlock; ++i) input[i] = (static_cast<float>(pixels[i]) * scale_ - own.mean) / own.std;
    if (plain_) return;
    for (size_t i = 0; i < kBlock; ++i) input[i] = (input[i] - mean_[i]) / std_[i];
  } else if (plain_) {
    for (size_t i = 0; i < kBlock; ++i) input[i] = static_cast<float>(pixels[i]) * scale_;
  } else {
    for (size_t i = 0; i < kBlock; ++i) input[i] = (static_cast<float>(pixels[i]) * scale_ - mean_[i]) / std_[i];
  }
}

void PixelScaler::Apply(std::span<const uint8_t> pixels, std::span<float> input) const {
  const Own own = OwnOf(pixels);
  size_t i = 0;
  for (; i + kBlock <= pixels.size(); i += kBlock) ApplyBlock(&pixels[i], own, &input[i]);
  if (i < pixels.size()) {
    std::array<uint8_t, kBlock> padded{};
    std::array<float, kBlock> scaled;
    std::copy(pixels.begin() + static_cast<std::ptrdiff_t>(i), pixels.end(), padded.begin());
    ApplyBlock(padded.data(), own, scaled.data());
    std::copy_n(scaled.begin(), pixels.size() - i, input.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (size_t k = 0; k < mean_image_.size(); ++k) input[k] -= mean_image_[k];
}

}  // namespace seedbed::image
