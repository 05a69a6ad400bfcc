// Weights of a graph: what they must be, and what they are at first.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

// INVALID_ARGUMENT naming some of what is missing, extra, misshapen, not F32, or has a NaN or an infinity, and counting the rest.
absl::Status CheckWeights(const graph::Graph& graph, const TensorViews& weights);

// Those of the weights that the graph has; it must fit them.
TensorViews WeightsOf(const graph::Graph& graph, const TensorViews& weights);

// Keras's initial weights: glorot_uniform, U(+-sqrt(6 / (fan_in + fan_out))), and a constant (graph.h) for biases and batch norms. They
// depend on the seed and on the tensor's index in the graph alone.
TensorMap InitializeWeights(const graph::Graph& graph, uint64_t seed);

}  // namespace seedbed::nn
