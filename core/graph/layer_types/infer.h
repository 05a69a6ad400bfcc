// The rows of layer_types.cc: what follows from a layer's config and its inputs' shapes, one function for each type or for those that
// differ in computing only.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "core/graph/graph.h"

namespace seedbed::graph {

absl::Status InferInput(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferFlatten(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferDense(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferSoftmax(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferRelu(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferDropout(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferAdd(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferWhiten(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferBatchNorm(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferConv2d(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferDepthwiseConv2d(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferPool(std::span<const Shape> inputs, ResolvedLayer* layer);
absl::Status InferGlobalPool(std::span<const Shape> inputs, ResolvedLayer* layer);

}  // namespace seedbed::graph
