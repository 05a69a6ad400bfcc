// A graph's forward pass in training. Only for files that include LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/graph/graph.h"
#include "core/nn/network_layers.h"
#include "core/nn/torch_pch.h"

namespace seedbed::train {

// What the masks of a batch's dropouts follow from.
struct DropoutKey {
  uint64_t seed = 0;
  int64_t step = 0;  // the optimizer's
  std::span<const uint32_t> examples;
};

// Runs graphs up to their logits (graph.h). Where gradients are recorded, what they need is kept; other values live until their last reader
// has run. Exceptions are LibTorch's.
class GraphRunner {
 public:
  // Both must outlive the runner.
  GraphRunner(const graph::Graph& graph, const nn::TorchParameters& parameters);

  // `input` is (batch, shape of the graph's input), images as height, width, channels; the logits are (batch, classes).
  at::Tensor Evaluate(const at::Tensor& input) const;
  // As torch_learner.h says for trainable layers; the running statistics move.
  at::Tensor Train(const at::Tensor& input, const DropoutKey& key) const;

 private:
  template <typename Run>
  at::Tensor RunLayers(const at::Tensor& input, Run run) const;
  at::Tensor BatchNorm(const graph::ResolvedLayer& layer, const at::Tensor& input) const;
  at::Tensor Parameter(const graph::ResolvedLayer& layer, const char* leaf) const;

  const graph::Graph& graph_;
  const nn::TorchParameters& parameters_;
  std::vector<nn::LayerRunner> runners_;  // of each layer up to the logits
  std::vector<size_t> last_reader_;       // likewise: the last layer that reads it
};

// 0 or 1 / (1 - rate) for each value of `shape` for each example: (batch, shape).
at::Tensor DropoutMask(const graph::ResolvedLayer& layer, const DropoutKey& key);

}  // namespace seedbed::train
