// Networks with random weights, for measurements.
#pragma once

#include <cmath>
#include <filesystem>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "core/base/philox.h"
#include "core/graph/graph.h"
#include "core/nn/safetensors.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

inline std::vector<float> RandomValues(size_t count, uint64_t seed, float low, float high) {
  RandomStream random(seed, RandomPurpose::kGenerate);
  std::vector<float> values(count);
  for (float& value : values) value = low + (high - low) * random.NextUniform();
  return values;
}

// He's initialisation, with which activations keep their size through relu, and statistics of any kind.
inline TensorMap RandomWeights(const graph::Graph& graph) {
  TensorMap weights;
  uint64_t seed = 0;
  for (const graph::Parameter& parameter : graph.parameters()) {
    const float limit = parameter.fan_in > 0 ? std::sqrt(6.0f / static_cast<float>(parameter.fan_in)) : 0.2f;
    const float middle = parameter.fan_in > 0 ? 0 : parameter.initial;
    const auto count = static_cast<size_t>(graph::ElementsOf(parameter.shape));
    weights.emplace(parameter.name, Tensor::FromFloats(parameter.shape, RandomValues(count, ++seed, middle - limit, middle + limit)));
  }
  return weights;
}

// A safetensors file with one tensor "values": [example][shape].
inline absl::Status WriteValues(const std::filesystem::path& path, const graph::Shape& shape, size_t batch, std::span<const float> values) {
  std::vector<int64_t> extents = {static_cast<int64_t>(batch)};
  extents.insert(extents.end(), shape.begin(), shape.end());
  return WriteSafetensors(path, {{"values", {DType::kF32, extents, std::as_bytes(values)}}}, {});
}

}  // namespace seedbed::nn
