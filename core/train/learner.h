// Something that learns from examples batch by batch: what Trainer drives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/nn/tensor.h"
#include "core/train/examples.h"
#include "core/train/softmax_cross_entropy.h"

namespace seedbed::train {

// Deterministic: after the same Restore the same calls give the same bits. Used by one thread at a time.
class Learner {
 public:
  virtual ~Learner() = default;

  virtual size_t training_examples() const = 0;    // at least 1
  virtual size_t validation_examples() const = 0;  // 0: there is no validation

  // One step on a batch of training examples. The result is that of the weights before the step.
  virtual absl::StatusOr<BatchResult> TrainBatch(const Batch& batch) = 0;
  // On the validation examples from `first` on.
  virtual absl::StatusOr<BatchResult> EvaluateBatch(size_t first, size_t count) = 0;
  // Logits of the same examples: [example][class].
  virtual absl::Status Predict(size_t first, size_t count, std::span<float> logits) = 0;

  // Everything that later steps depend on: copies of the weights and of the optimizer's state, by parameter name.
  virtual nn::TensorMap weights() const = 0;
  virtual nn::TensorMap optimizer_state() const = 0;
  // `step`: optimizer steps that led to this state. INVALID_ARGUMENT when something does not fit.
  virtual absl::Status Restore(const nn::TensorMap& weights, const nn::TensorMap& optimizer_state, int64_t step) = 0;
};

}  // namespace seedbed::train
