// What a classifier says about inputs, computed as evaluation does.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/nn/backend.h"
#include "core/nn/model_file.h"

namespace seedbed::tasks {

// Used by one thread at a time.
class ClassScores {
 public:
  // Errors as nn::MakeBackend. Batches are always of `batch` inputs, the last one padded.
  static absl::StatusOr<ClassScores> Create(const nn::SavedModel& model, size_t batch, int threads);

  size_t batch() const { return batch_; }
  // Logits, [input][class], for at most `batch` inputs.
  absl::StatusOr<std::vector<float>> Logits(std::span<const float> inputs);
  // Writes the class's probability for each input.
  absl::Status Probabilities(std::span<const float> inputs, size_t class_index, std::span<float> probabilities);

 private:
  ClassScores(std::unique_ptr<nn::Backend> backend, size_t batch, size_t input_values, size_t classes);

  std::unique_ptr<nn::Backend> backend_;
  size_t batch_;
  size_t input_values_;
  size_t classes_;
  std::vector<float> inputs_;
  std::vector<float> logits_;
};

}  // namespace seedbed::tasks
