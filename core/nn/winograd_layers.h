// Convolutions by Winograd's algorithm as steps of a network. Only for files that include LibTorch.
#pragma once

#include <cstddef>
#include <memory>

#include "core/base/thread_pool.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"
#include "core/nn/torch_network.h"
#include "core/nn/winograd.h"

namespace seedbed::nn {

const graph::Shape& InputShapeOf(const graph::Graph& graph, const graph::ResolvedLayer& layer);

bool FitsWinograd(const graph::Graph& graph, size_t index, const WinogradKernels& kernels);
// Whether the gradient by the layer's input, a convolution from its filters back to its channels, fits as well.
bool FitsWinogradBothWays(const graph::Graph& graph, size_t index, const WinogradKernels& kernels);

// Forwards only, on the calling thread and those of `helpers`, which may be null. `pooled` as in winograd.h: the pool's own step then
// passes on what it is given.
LayerStep WinogradStep(const graph::Graph& graph, size_t index, const TensorViews& weights, bool pooled, const WinogradKernels& kernels,
                       std::shared_ptr<ThreadPool> helpers);

// A layer that FitsWinogradBothWays, whose gradient is recorded: it is the convolution with the weights turned by 180 degrees, filters and
// channels changing places, of the gradient where the layer's rectifier let something through. On LibTorch's threads.
LayerStep DifferentiableWinogradStep(const graph::Graph& graph, size_t index, const TensorViews& weights, const WinogradKernels& kernels);

}  // namespace seedbed::nn
