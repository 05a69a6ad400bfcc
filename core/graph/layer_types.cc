#include "core/graph/layer_types.h"

#include <algorithm>
#include <array>

#include "core/graph/layer_types/infer.h"

namespace seedbed::graph {
namespace {

std::span<const LayerType> Table() {
  static const std::array<LayerType, 15> table = {{
      {"input", "InputLayer", 0, InferInput, "shape"},
      {"flatten", "Flatten", 1, InferFlatten, ""},
      {"dense", "Dense", 1, InferDense, "units"},
      {"softmax", "Softmax", 1, InferSoftmax, ""},
      {"relu", "ReLU", 1, InferRelu, "max_value"},
      {"dropout", "Dropout", 1, InferDropout, "rate"},
      {"add", "Add", 2, InferAdd, ""},
      {"conv2d", "Conv2D", 1, InferConv2d, "filters"},
      {"depthwise_conv2d", "DepthwiseConv2D", 1, InferDepthwiseConv2d, "kernel"},
      {"max_pool", "MaxPooling2D", 1, InferPool, "size"},
      {"average_pool", "AveragePooling2D", 1, InferPool, "size"},
      {"global_average_pool", "GlobalAveragePooling2D", 1, InferGlobalPool, ""},
      {"global_max_pool", "GlobalMaxPooling2D", 1, InferGlobalPool, ""},
      {"batch_norm", "BatchNormalization", 1, InferBatchNorm, "epsilon"},
      {"whiten", "ZcaWhitening", 1, InferWhiten, "", /*in_heads=*/false},
  }};
  return table;
}

}  // namespace

const LayerType* FindLayerType(std::string_view name) {
  const auto table = Table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const LayerType& type) { return type.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> LayerTypeNames() {
  std::vector<std::string> names;
  for (const LayerType& type : Table()) names.push_back(type.name);
  return names;
}

}  // namespace seedbed::graph
