// Which of an input's values speak for a class, by gradients. Inputs are images as the network takes them (height, width, channels); maps
// have one number for each pixel, row by row. A class's logit is its score before the softmax.
//
//   saliency              max over channels of |G|, G = gradient of the logit by the input          (Simonyan et al., arXiv 1312.6034)
//   SmoothGrad            mean of the saliency at x + e, e ~ N(0, s^2)                               (Smilkov et al., arXiv 1706.03825)
//   integrated gradients  sum over channels of (x - x') * mean over k = 1..m of G at x' + (k - 1/2) / m * (x - x'); the map's sum comes
//                         near the logit's rise from x' to x (completeness), nearer than with the right ends k / m, for as many gradients
//                                                                                            (Sundararajan et al., arXiv 1703.01365)
//   Grad-CAM              max(0, sum over channels k of a_k A_k), A a layer's maps, a_k the mean over positions of the logit's gradient
//                         by A_k; in the layer's size                                              (Selvaraju et al., arXiv 1610.02391)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/nn/gradient_network.h"

namespace seedbed::visualize {

// Asked after each batch of copies or steps with how many are done; false ends the computation (CANCELLED).
using OnSteps = std::function<bool(size_t done)>;

// All want a network whose target is the logits' layer, and `class_index` below their number. Errors as GradientNetwork::Run.

// The network's gradient is by its input, here and in the next two.
absl::StatusOr<std::vector<float>> Saliency(const nn::GradientNetwork& network, std::span<const float> input, size_t class_index);

struct SmoothGradOptions {
  size_t samples = 50;
  double noise = 0.15;  // standard deviation, as a share of the input's largest value less its smallest
  uint64_t seed = 0;
  size_t batch = 8;  // copies at a time: decides nothing but the time it takes, and rounding
};
absl::StatusOr<std::vector<float>> SmoothGrad(const nn::GradientNetwork& network, std::span<const float> input, size_t class_index,
                                              const SmoothGradOptions& options, const OnSteps& on_steps);

struct IntegratedGradientsOptions {
  size_t steps = 50;  // m
  size_t batch = 8;   // steps at a time, likewise
};
// `baseline` is x', as long as the input.
absl::StatusOr<std::vector<float>> IntegratedGradients(const nn::GradientNetwork& network, std::span<const float> input,
                                                       std::span<const float> baseline, size_t class_index,
                                                       const IntegratedGradientsOptions& options, const OnSteps& on_steps);

// The network's gradient is by the layer whose maps are wanted: network.shape() is height, width, channels.
absl::StatusOr<std::vector<float>> GradCam(const nn::GradientNetwork& network, std::span<const float> input, size_t class_index);

}  // namespace seedbed::visualize
