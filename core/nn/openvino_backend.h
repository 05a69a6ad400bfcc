// Frozen networks through OpenVINO: batch norms folded, layers fused, weights reordered once. Loaded into the process when it is first
// used, so that a worker which never needs it does not pay for it. Computes in float32 whatever the processor has beside it.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/backend.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

// The weights must fit the graph; they are copied. UNIMPLEMENTED when the build has no OpenVINO or the graph a layer that it cannot run;
// UNAVAILABLE, with the reason, when its library cannot be loaded.
absl::StatusOr<std::unique_ptr<Backend>> MakeOpenvinoBackend(const graph::Graph& graph, const TensorViews& weights, int threads);

}  // namespace seedbed::nn
