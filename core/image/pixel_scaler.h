// From pixels to the network's input, as Preprocessing says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/image/preprocessing.h"

namespace seedbed::image {

// Thread-safe.
class PixelScaler {
 public:
  // `mean_image`: HWC, in the network's channel order; empty: none is subtracted.
  PixelScaler(const Preprocessing& preprocessing, std::vector<float> mean_image);
  // Both are as long as one image: HWC, the pixels RGB.
  void Apply(std::span<const uint8_t> pixels, std::span<float> input) const;

 private:
  static constexpr size_t kBlock = 48;  // values: whole pixels and whole vectors
  // What standardizes one picture by itself.
  struct Own {
    float mean = 0;
    float std = 1;
  };
  Own OwnOf(std::span<const uint8_t> pixels) const;
  void ApplyBlock(const uint8_t* pixels, const Own& own, float* input) const;

  const bool swap_;   // red and blue
  const bool plain_;  // neither mean nor std
  const Standardize samplewise_;
  const float scale_;
  std::array<float, kBlock> mean_;  // the channels' values, over and over
  std::array<float, kBlock> std_;
  const std::vector<float> mean_image_;
};

}  // namespace seedbed::image
