// A network as steps over LibTorch's tensors: what the plain reference and faster executors have in common. For files with LibTorch.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/graph/graph.h"
#include "core/nn/network.h"
#include "core/nn/network_layers.h"
#include "core/nn/torch_pch.h"

namespace seedbed::nn {

// Computes one layer.
using LayerStep = std::function<at::Tensor(const graph::ResolvedLayer& layer, const std::vector<at::Tensor>& inputs)>;

// What a network is given, of the shape without the batch, as a tensor that only looks at it; and a layer's output as what is to be given
// back.
at::Tensor InputTensor(std::span<const float> input, const graph::Shape& shape, size_t batch);
void CopyOut(const at::Tensor& value, std::span<float> output);

// Copies; those of convolutions in the memory order of their images.
std::shared_ptr<const TorchParameters> MakeTorchParameters(const TensorViews& weights);

// The layer by RunnerOf, which must know its type; none for the input.
LayerStep PlainStep(const graph::ResolvedLayer& layer, std::shared_ptr<const TorchParameters> parameters);

// UNIMPLEMENTED naming a layer of a type that RunnerOf does not know.
absl::Status CheckLayerTypes(const graph::Graph& graph);

// One step for each layer of the graph.
std::unique_ptr<Network> MakeTorchNetwork(graph::Graph graph, std::vector<LayerStep> steps);

}  // namespace seedbed::nn
