// Probabilities of classes.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace seedbed::nn {

// In double precision, from the largest logit down: neither overflows.
inline std::vector<double> Softmax(std::span<const float> logits) {
  const double largest = static_cast<double>(*std::ranges::max_element(logits));
  std::vector<double> probabilities(logits.size());
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) sum += probabilities[i] = std::exp(static_cast<double>(logits[i]) - largest);
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

}  // namespace seedbed::nn
