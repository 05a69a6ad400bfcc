// The loss at the end of a classifier.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seedbed::train {

// Sums over the examples of a batch.
struct BatchResult {
  double loss = 0;
  int64_t correct = 0;  // examples whose largest logit, the first among equals, is the label's
};

// Cross-entropy of softmax(logits), from the logits and in double precision, so that it neither saturates nor loses its gradient. Keeps a
// buffer: not thread-safe.
class SoftmaxCrossEntropy {
 public:
  explicit SoftmaxCrossEntropy(size_t classes) : exponentials_(classes) {}

  // Adds one example to `result`. Unless `delta` is null it gets the loss's gradient by the logits times `delta_scale`:
  // (softmax - one hot) * delta_scale. Logits that are not finite give a loss that is not.
  void Add(std::span<const float> logits, int32_t label, double delta_scale, float* delta, BatchResult* result) {
    const size_t target = static_cast<size_t>(label);
    const size_t best = static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    const double largest = logits[best];
    double total = 0;
    for (size_t k = 0; k < logits.size(); ++k) total += exponentials_[k] = std::exp(logits[k] - largest);
    result->loss += std::log(total) - (logits[target] - largest);
    result->correct += best == target;
    for (size_t k = 0; delta != nullptr && k < logits.size(); ++k) {
      delta[k] = static_cast<float>((exponentials_[k] / total - (k == target ? 1 : 0)) * delta_scale);
    }
  }

 private:
  std::vector<double> exponentials_;
};

}  // namespace seedbed::train
