// How each type of layer computes with LibTorch. Inside a network images are (batch, channels, height, width) in channels_last memory, as
// LibTorch likes them: the same bytes as outside.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph.h"
#include "core/nn/torch_pch.h"

namespace seedbed::nn {

using TorchParameters = std::map<std::string, at::Tensor>;  // by the names of graph::Parameter

inline at::Tensor ToInside(const at::Tensor& tensor) { return tensor.dim() == 4 ? tensor.permute({0, 3, 1, 2}) : tensor; }
inline at::Tensor ToOutside(const at::Tensor& tensor) { return tensor.dim() == 4 ? tensor.permute({0, 2, 3, 1}) : tensor; }

using LayerRunner = at::Tensor (*)(const graph::ResolvedLayer& layer, const std::vector<at::Tensor>& inputs,
                                   const TorchParameters& parameters);

// In inference: a dropout passes everything, a batch norm takes its running statistics. Null for types that only core/graph knows.
LayerRunner RunnerOf(std::string_view type);

}  // namespace seedbed::nn
