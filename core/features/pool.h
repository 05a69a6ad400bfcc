// What becomes of height and width of a layer's output.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"

namespace seedbed::features {

enum class Pool { kNone, kAverage, kMax };

std::string_view PoolName(Pool pool);  // "none", "avg", "max"
std::optional<Pool> PoolFromName(std::string_view name);

// The shape that is left of a layer's: (7, 7, 1280) becomes (1280), unless the pool is none. INVALID_ARGUMENT for what is not height,
// width, channels.
absl::StatusOr<graph::Shape> PooledShape(const graph::Shape& shape, Pool pool);

// For kAverage and kMax: `values` are positions times channels, `pooled` the channels. Sums run over the positions in order, in float32.
void PoolPositions(std::span<const float> values, Pool pool, std::span<float> pooled);

}  // namespace seedbed::features
