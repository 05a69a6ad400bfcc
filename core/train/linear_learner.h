// A classifier that is nothing but a dense layer: on pixels, or at the end of a frozen net on the features that come out of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/train/examples.h"
#include "core/train/learner.h"
#include "core/train/optimizer.h"

namespace seedbed::train {

struct LinearLearnerOptions {
  OptimizerOptions optimizer;
  augment::Mixing mixing;  // of training batches
  uint64_t seed = 0;       // of what mixing draws
  PixelOptions pixels;
  int threads = 1;
  std::string_view instruction_set;
};

// The dense layer of a graph that is input, flatten (where the input is no vector), dense with bias and without an activation, softmax: of
// a logistic model, or of the tail (graph/edit.h) behind a frozen net. UNIMPLEMENTED for any other, and where the layer is frozen.
absl::StatusOr<const graph::ResolvedLayer*> LinearLayerOf(const graph::Graph& graph);

// The rows must outlive the learner. INVALID_ARGUMENT when weights, rows and graph do not fit each other.
absl::StatusOr<std::unique_ptr<Learner>> MakeLinearLearner(const graph::Graph& graph, const nn::TensorMap& weights, Examples training,
                                                           Examples validation, const LinearLearnerOptions& options);

}  // namespace seedbed::train
