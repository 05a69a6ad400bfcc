#include "core/features/pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace seedbed::features {
namespace {

constexpr std::pair<Pool, std::string_view> kNames[] = {{Pool::kNone, "none"}, {Pool::kAverage, "avg"}, {Pool::kMax, "max"}};

}  // namespace

std::string_view PoolName(Pool pool) {
  for (const auto& [value, name] : kNames) {
    if (value == pool) return name;
  }
  return "unknown";
}

std::optional<Pool> PoolFromName(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

absl::StatusOr<graph::Shape> PooledShape(const graph::Shape& shape, Pool pool) {
  if (pool == Pool::kNone) return shape;
  if (shape.size() == 3) return graph::Shape{shape[2]};
  return absl::InvalidArgumentError(
      absl::StrCat("there is nothing to pool in an output of ", graph::FormatShape(shape), ": it has no height and width"));
}

void PoolPositions(std::span<const float> values, Pool pool, std::span<float> pooled) {
  const size_t channels = pooled.size();
  std::copy_n(values.begin(), channels, pooled.begin());
  for (size_t position = channels; position < values.size(); position += channels) {
    const float* const at = &values[position];
    if (pool == Pool::kMax) {
      for (size_t c = 0; c < channels; ++c) pooled[c] = std::max(pooled[c], at[c]);
    } else {
      for (size_t c = 0; c < channels; ++c) pooled[c] += at[c];
    }
  }
  if (pool == Pool::kMax) return;
  const size_t positions = values.size() / channels;
  for (float& value : pooled) value /= static_cast<float>(positions);
}

}  // namespace seedbed::features
