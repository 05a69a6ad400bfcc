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
  int64_t correct = 0;  // examples whose largest logit, the first among equals, is the label's; of two labels, the one of more weight
};

// The classes of a batch's examples. Where examples were mixed (augment/mixing.h) each is of its own class by `weight` and of another by
// the rest.
struct BatchLabels {
  BatchLabels(std::span<const int32_t> own) : labels(own) {}     // NOLINT(*-explicit-constructor): classes are labels
  BatchLabels(const std::vector<int32_t>& own) : labels(own) {}  // NOLINT(*-explicit-constructor): likewise
  BatchLabels(std::span<const int32_t> own, std::span<const int32_t> mixed_in, double weight_of_own)
      : labels(own), others(mixed_in), weight(weight_of_own) {}

  std::span<const int32_t> labels;
  std::span<const int32_t> others;  // empty: there are none, and the weight is 1
  double weight = 1;
};

// Cross-entropy of softmax(logits), from the logits and in double precision, so that it neither saturates nor loses its gradient. Keeps a
// buffer: not thread-safe.
class SoftmaxCrossEntropy {
 public:
  explicit SoftmaxCrossEntropy(size_t classes) : exponentials_(classes) {}

  // Adds example i of a batch to `result`. Unless `delta` is null it gets the loss's gradient by the logits times `delta_scale`:
  // (softmax - one hot) * delta_scale. Two labels have the sum of both losses by their weights. Logits that are not finite give a loss that
  // is not.
  void Add(std::span<const float> logits, const BatchLabels& labels, size_t i, double delta_scale, float* delta, BatchResult* result) {
    const size_t target = static_cast<size_t>(labels.labels[i]);
    const size_t other = labels.others.empty() ? target : static_cast<size_t>(labels.others[i]);
    const double weight = other == target ? 1 : labels.weight;
    const size_t best = static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    const double largest = logits[best];
    double total = 0;
    for (size_t k = 0; k < logits.size(); ++k) total += exponentials_[k] = std::exp(logits[k] - largest);
    const double log_total = std::log(total);
    const double loss = log_total - (logits[target] - largest);
    result->loss += other == target ? loss : weight * loss + (1 - weight) * (log_total - (logits[other] - largest));
    result->correct += best == (weight >= 0.5 ? target : other);
    for (size_t k = 0; delta != nullptr && k < logits.size(); ++k) {
      delta[k] = static_cast<float>((exponentials_[k] / total - ShareOf(k, target, other, weight)) * delta_scale);
    }
  }

 private:
  static double ShareOf(size_t k, size_t target, size_t other, double weight) { return k == target ? weight : k == other ? 1 - weight : 0; }

  std::vector<double> exponentials_;
};

}  // namespace seedbed::train
