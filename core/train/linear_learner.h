// A classifier whose only trainable layer is a dense one at its end, on examples that lie in memory or in mapped files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/train/learner.h"
#include "core/train/optimizer.h"

namespace seedbed::train {

// First elements of the rows (pixels, or features of a frozen net), and the class of each.
struct Examples {
  std::variant<std::vector<const uint8_t*>, std::vector<const float*>> rows;
  std::vector<int32_t> labels;
};

struct LinearLearnerOptions {
  OptimizerOptions optimizer;
  // x = element * scale - offset[element's index]; empty: nothing is subtracted.
  float scale = 1;
  std::vector<float> offset;
  int threads = 1;
  std::string_view instruction_set;
};

// The dense layer of a graph that is input, flatten (where the input is no vector), dense with bias, softmax. UNIMPLEMENTED for any other.
absl::StatusOr<const graph::ResolvedLayer*> LinearLayerOf(const graph::Graph& graph);

// The rows must outlive the learner. INVALID_ARGUMENT when weights, rows and graph do not fit each other.
absl::StatusOr<std::unique_ptr<Learner>> MakeLinearLearner(const graph::Graph& graph, const nn::TensorMap& weights, Examples training,
                                                           Examples validation, const LinearLearnerOptions& options);

}  // namespace seedbed::train
