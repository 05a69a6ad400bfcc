// How the linear classifier keeps its parameters in memory: in the kernels' tiles (linear_kernels.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/train/linear_classifier.h"
#include "core/train/linear_kernels.h"

namespace seedbed::train {

// Values for each weight and bias, zero at first.
class TiledParameters {
 public:
  TiledParameters(size_t features, size_t classes)
      : features_(features),
        classes_(classes),
        weight_((features + kTileFeatures - 1) / kTileFeatures * tile_size()),
        bias_((classes + kLanes - 1) / kLanes * kLanes) {}

  size_t tiles() const { return weight_.size() / tile_size(); }
  size_t tile_size() const { return classes_ * kTileFeatures; }
  float* tile(size_t index) { return &weight_[index * tile_size()]; }
  // Padded with zeros to a multiple of kLanes.
  std::vector<float>& bias() { return bias_; }
  const std::vector<float>& bias() const { return bias_; }

  LinearParameters ToPlain() const {
    LinearParameters plain{.weight = std::vector<float>(features_ * classes_), .bias = bias_};
    ForEachRun([&](size_t from, size_t to, size_t count) { std::copy_n(&weight_[from], count, &plain.weight[to]); });
    plain.bias.resize(classes_);
    return plain;
  }
  // Sizes must agree.
  void SetPlain(const LinearParameters& plain) {
    ForEachRun([&](size_t to, size_t from, size_t count) { std::copy_n(&plain.weight[from], count, &weight_[to]); });
    std::copy(plain.bias.begin(), plain.bias.end(), bias_.begin());
  }

 private:
  // Calls copy(index in the tiles, index in the plain weights, count) for each run of weights that is contiguous in both.
  template <typename Copy>
  void ForEachRun(Copy copy) const {
    for (size_t tile = 0; tile < tiles(); ++tile) {
      const size_t first = tile * kTileFeatures;
      const size_t count = std::min(kTileFeatures, features_ - first);
      for (size_t k = 0; k < classes_; ++k) copy(tile * tile_size() + k * kTileFeatures, k * features_ + first, count);
    }
  }

  size_t features_;
  size_t classes_;
  std::vector<float> weight_;  // [tile][class][kTileFeatures]
  std::vector<float> bias_;
};

}  // namespace seedbed::train
