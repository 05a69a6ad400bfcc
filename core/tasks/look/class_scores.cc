#include "core/tasks/look/class_scores.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/nn/softmax.h"

namespace seedbed::tasks {

ClassScores::ClassScores(std::unique_ptr<nn::Backend> backend, size_t batch, size_t input_values, size_t classes)
    : backend_(std::move(backend)),
      batch_(batch),
      input_values_(input_values),
      classes_(classes),
      inputs_(batch * input_values),
      logits_(batch * classes) {}

absl::StatusOr<ClassScores> ClassScores::Create(const nn::SavedModel& model, size_t batch, int threads) {
  SB_ASSIGN_OR_RETURN(auto backend,
                      nn::MakeBackend(model.graph, nn::ViewsOf(model.weights),
                                      {.backend = "auto", .layer = graph::LogitsLayer(model.graph).layer.name, .threads = threads}));
  return ClassScores(std::move(backend), batch, static_cast<size_t>(graph::ElementsOf(model.graph.input_shape())), model.classes.size());
}

absl::StatusOr<std::vector<float>> ClassScores::Logits(std::span<const float> inputs) {
  const size_t count = inputs.size() / input_values_;
  if (count < 1 || count > batch_) return absl::InvalidArgumentError(absl::StrCat(count, " inputs for a batch of ", batch_));
  std::ranges::copy(inputs, inputs_.begin());
  std::fill(inputs_.begin() + static_cast<ptrdiff_t>(inputs.size()), inputs_.end(), 0.0f);
  SB_RETURN_IF_ERROR(backend_->Forward(inputs_, batch_, logits_));
  return std::vector<float>(logits_.begin(), logits_.begin() + static_cast<ptrdiff_t>(count * classes_));
}

absl::Status ClassScores::Probabilities(std::span<const float> inputs, size_t class_index, std::span<float> probabilities) {
  SB_ASSIGN_OR_RETURN(const std::vector<float> logits, Logits(inputs));
  for (size_t i = 0; i < probabilities.size(); ++i) {
    probabilities[i] = static_cast<float>(nn::Softmax(std::span(logits).subspan(i * classes_, classes_))[class_index]);
  }
  return absl::OkStatus();
}

}  // namespace seedbed::tasks
