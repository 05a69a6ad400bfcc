// Reading a layer's config: each function takes one setting, or its default, and says in an INVALID_ARGUMENT its name, the value it has and
// what is allowed.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "nlohmann/json.hpp"

namespace seedbed::graph {

absl::Status CheckKeys(const nlohmann::json& config, std::initializer_list<std::string_view> known);

// A positive integer, checked before it is narrowed; `what` is its name.
absl::StatusOr<int64_t> PositiveInteger(const nlohmann::json& value, std::string_view what);
// As a setting that must be there.
absl::StatusOr<int64_t> PositiveSetting(const nlohmann::json& config, std::string_view key);

absl::StatusOr<bool> BooleanSetting(const nlohmann::json& config, std::string_view key, bool otherwise);

// A number of low (or more than low, if `open`) to high.
struct Range {
  double low = 0;
  bool low_is_open = false;
  double high = 0;
  bool high_is_open = false;
};
absl::StatusOr<double> NumberSetting(const nlohmann::json& config, std::string_view key, std::optional<double> otherwise,
                                     const Range& range);

// {height, width} of two positive integers, or of one for both.
absl::StatusOr<std::array<int64_t, 2>> PairSetting(const nlohmann::json& config, std::string_view key,
                                                   std::optional<std::array<int64_t, 2>> otherwise);

// "relu", "relu6", or none.
absl::StatusOr<Activation> ActivationSetting(const nlohmann::json& config);

// `what` ("the shape") has more values than any net when multiplied; extents are positive.
absl::Status CheckSize(const Shape& shape, std::string_view what);

}  // namespace seedbed::graph
