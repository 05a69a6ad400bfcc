// Networks whose time goes into convolutions of 3x3, such as VGG16: those by Winograd's algorithm (winograd.h), with the max_pool behind
// them where there is one, everything else by LibTorch.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/network.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

// Whether almost all multiplications are in layers that the algorithm fits, on a processor that has the instructions.
bool PrefersWinograd(const graph::Graph& graph);

// Convolves on `threads` threads of its own. Only the last layer's output may be asked for. UNIMPLEMENTED without the instructions,
// otherwise as Network::Create.
absl::StatusOr<std::unique_ptr<Network>> MakeWinogradNetwork(const graph::Graph& graph, const TensorViews& weights, int threads);

}  // namespace seedbed::nn
