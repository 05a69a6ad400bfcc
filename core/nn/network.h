// Runs a graph with LibTorch, one operator after the other: the plain reference for every type of layer. This header is free of LibTorch,
// so that any part of the program may include it; the room lacks this part when the build has SB_TORCH_ROOMS=OFF.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

// LibTorch's threads within an operator, for the whole process.
void SetComputeThreads(int threads);

// Immutable weights on the CPU, inference mode. Thread-safe, though calls share LibTorch's threads.
class Network {
 public:
  // INVALID_ARGUMENT when the weights do not fit (weights.h). They are copied.
  static absl::StatusOr<std::unique_ptr<Network>> Create(const graph::Graph& graph, const TensorViews& weights);
  virtual ~Network() = default;

  // Writes the outputs of the named layers for a batch, each [example][values], images in height, width, channel order; runs what they need
  // and nothing else. `input` has batch times the input shape's elements, in that order too, and outputs[i] batch times those of layers[i].
  // INVALID_ARGUMENT for a wrong size or name; RESOURCE_EXHAUSTED, with the sizes, when memory runs out.
  virtual absl::Status RunInto(std::span<const float> input, size_t batch, std::span<const std::string> layers,
                               std::span<const std::span<float>> outputs) const = 0;

  // The output of one layer.
  absl::StatusOr<std::vector<float>> Run(std::span<const float> input, size_t batch, std::string_view layer) const;

 protected:
  explicit Network(graph::Graph graph) : graph_(std::move(graph)) {}
  const graph::Graph graph_;
};

}  // namespace seedbed::nn
