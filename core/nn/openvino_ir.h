// A graph in OpenVINO's intermediate representation, version 11: XML that says which operations there are, and the numbers beside it.
// https://docs.openvino.ai/2026/documentation/openvino-ir-format.html; operations as in its opset1 and opset5.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

struct OpenvinoIr {
  std::string xml;
  std::vector<std::byte> constants;
};

// UNIMPLEMENTED naming a layer of a type that cannot be written.
absl::Status CanWriteOpenvinoIr(const graph::Graph& graph);

// For batches of one size: input and output are [batch][values], images in height, width, channel order. The graph
// must be one that can be written, and the weights must fit it.
OpenvinoIr WriteOpenvinoIr(const graph::Graph& graph, const TensorViews& weights, size_t batch);

}  // namespace seedbed::nn
