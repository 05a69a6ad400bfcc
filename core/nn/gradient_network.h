// Gradients of whatever is asked of a layer's output, by another layer's output: what attribution and activation maximisation are made of.
// This header is free of LibTorch; the room lacks this part when the build has SB_TORCH_ROOMS=OFF.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

struct GradientOptions {
  std::string target = {};           // the layer whose output is asked about; empty: the last
  std::string with_respect_to = {};  // the layer by whose output the gradient is taken: one that the target needs; empty: the input
  int threads = 1;
  // "torch": LibTorch's automatic differentiation, the reference. "winograd": convolutions of 3x3 by Winograd's algorithm, both ways, where
  // they fit (winograd.h). "auto": winograd where the processor has the instructions.
  std::string backend = "auto";
};

// Is given the target's values and writes the gradient of what is asked for by each of them; both [example][values]. The gradient is zeros
// at first.
using TargetGradient = std::function<void(std::span<const float> values, std::span<float> gradient)>;

// Immutable weights on the CPU. Layers work as in inference: a dropout passes everything, a batch norm takes its running statistics. Only
// what the target needs is computed; what lies beneath with_respect_to runs forwards only, and weights get no gradients. Values at which a
// layer has no derivative pass none: a rectifier's 0, and its ceiling. Of equal values in a pool's window the first has it.
// Thread-safe, though calls share LibTorch's threads.
class GradientNetwork {
 public:
  // INVALID_ARGUMENT when the weights do not fit (weights.h), for a backend or layer that is unknown (with the nearest name), and for a
  // layer that the target does not need; UNIMPLEMENTED for winograd without the instructions. The weights are copied.
  static absl::StatusOr<std::unique_ptr<GradientNetwork>> Create(const graph::Graph& graph, const TensorViews& weights,
                                                                 const GradientOptions& options);
  virtual ~GradientNetwork() = default;

  // Without the batch.
  const graph::Shape& input_shape() const { return graph_.input_shape(); }
  const graph::Shape& target_shape() const { return graph_.output_shape(); }
  const graph::Shape& shape() const { return shape_; }  // of with_respect_to

  // For a batch, writes the output of with_respect_to into `values` and the gradient by it into `gradient`; both [example][values] as in
  // network.h: images in height, width, channel order, as in `input`. Either may be empty when nobody needs it; without gradient there is
  // one pass forwards, in which target_gradient sees the target's values, and none back. INVALID_ARGUMENT for a wrong size;
  // RESOURCE_EXHAUSTED, with the sizes, when memory runs out.
  virtual absl::Status Run(std::span<const float> input, size_t batch, const TargetGradient& target_gradient, std::span<float> values,
                           std::span<float> gradient) const = 0;

 protected:
  // The graph ends in the target.
  GradientNetwork(graph::Graph graph, graph::Shape shape) : graph_(std::move(graph)), shape_(std::move(shape)) {}
  const graph::Graph graph_;
  const graph::Shape shape_;
};

}  // namespace seedbed::nn
