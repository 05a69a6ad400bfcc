// Runs a graph with LibTorch. This header is free of it, so that any part of the program may include it; the room lacks this part when the
// build has SB_TORCH_ROOMS=OFF.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

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

  // The output of the layer named `layer` for a batch: [example][values], images in height, width, channel order. `input` has batch times
  // the input shape's elements, in that order too. INVALID_ARGUMENT for a wrong size or name; RESOURCE_EXHAUSTED when memory runs out.
  virtual absl::StatusOr<std::vector<float>> Run(std::span<const float> input, size_t batch, std::string_view layer) const = 0;
};

}  // namespace seedbed::nn
