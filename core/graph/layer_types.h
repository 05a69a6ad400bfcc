// The kinds of layers there are. Adding one: a function and a row in layer_types.cc, and how it computes in core/nn.
//
//   input    {"shape": [height, width, channels]} or any other shape without the batch
//   flatten  {}: all values in a row; images in the order height, width, channels (Keras's), whatever a backend computes in
//   dense    {"units": n, "bias": true}: weight (units, inputs) as PyTorch stores it, bias (units)
//   softmax  {}: over a vector; the last layer of a classifier
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/graph/graph.h"

namespace seedbed::graph {

struct LayerType {
  std::string name;
  std::string keras_name;  // in summaries
  int inputs = 1;
  // Fills in the layer's output shape and parameters, from its config and its inputs' shapes. INVALID_ARGUMENT says what does not fit.
  absl::Status (*infer)(std::span<const Shape> inputs, ResolvedLayer* layer) = nullptr;
};

// Null when there is none.
const LayerType* FindLayerType(std::string_view name);
std::vector<std::string> LayerTypeNames();

}  // namespace seedbed::graph
