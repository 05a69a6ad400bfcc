#include "core/graph/layer_types/config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace seedbed::graph {
namespace {

// Far above any net, far below what overflows when added or doubled.
constexpr int64_t kMaxElements = int64_t{1} << 40;
constexpr float kSix = 6;

absl::Status SettingError(std::string_view key, std::string_view allowed, const nlohmann::json& value) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(key), " must be ", ToAbsl(allowed), ", not ", value.dump()));
}

absl::Status MissingError(std::string_view key) { return absl::InvalidArgumentError(absl::StrCat("needs ", ToAbsl(key))); }

bool IsPositiveInteger(const nlohmann::json& value) { return value.is_number_integer() && value >= 1 && value <= kMaxElements; }

std::string RangeText(const Range& range) {
  const std::string low = absl::StrCat(range.low_is_open ? "more than " : "at least ", range.low);
  if (std::isinf(range.high)) return absl::StrCat("a number of ", low);
  return absl::StrCat("a number of ", low, " and ", range.high_is_open ? "less than " : "at most ", range.high);
}

bool IsWithin(double value, const Range& range) {
  const bool above = range.low_is_open ? value > range.low : value >= range.low;
  const bool below = range.high_is_open ? value < range.high : value <= range.high;
  return above && below;
}

}  // namespace

absl::Status CheckKeys(const nlohmann::json& config, std::initializer_list<std::string_view> known) {
  if (!config.is_object()) return absl::InvalidArgumentError("its config is not an object");
  for (const auto& [key, value] : config.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::vector<std::string> names(known.begin(), known.end());
    return absl::InvalidArgumentError(
        absl::StrCat("has no setting '", key, "'", names.empty() ? "; it has none at all" : "; it has ", absl::StrJoin(names, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> PositiveInteger(const nlohmann::json& value, std::string_view what) {
  if (IsPositiveInteger(value)) return value.get<int64_t>();
  return SettingError(what, "a positive integer", value);
}

absl::StatusOr<int64_t> PositiveSetting(const nlohmann::json& config, std::string_view key) {
  const auto found = config.find(key);
  if (found == config.end()) return MissingError(key);
  return PositiveInteger(*found, key);
}

absl::StatusOr<bool> BooleanSetting(const nlohmann::json& config, std::string_view key, bool otherwise) {
  const auto found = config.find(key);
  if (found == config.end()) return otherwise;
  if (found->is_boolean()) return found->get<bool>();
  return SettingError(key, "true or false", *found);
}

absl::StatusOr<double> NumberSetting(const nlohmann::json& config, std::string_view key, std::optional<double> otherwise,
                                     const Range& range) {
  const auto found = config.find(key);
  if (found == config.end()) {
    if (otherwise) return *otherwise;
    return MissingError(key);
  }
  // A JSON number is never infinite, but 1e300 is: as a float.
  if (found->is_number() && IsWithin(found->get<double>(), range) && found->get<double>() <= std::numeric_limits<float>::max()) {
    return found->get<double>();
  }
  return SettingError(key, RangeText(range), *found);
}

absl::StatusOr<std::array<int64_t, 2>> PairSetting(const nlohmann::json& config, std::string_view key,
                                                   std::optional<std::array<int64_t, 2>> otherwise) {
  const auto found = config.find(key);
  if (found == config.end()) {
    if (otherwise) return *otherwise;
    return MissingError(key);
  }
  if (IsPositiveInteger(*found)) return std::array<int64_t, 2>{found->get<int64_t>(), found->get<int64_t>()};
  if (found->is_array() && found->size() == 2 && IsPositiveInteger((*found)[0]) && IsPositiveInteger((*found)[1])) {
    return std::array<int64_t, 2>{(*found)[0].get<int64_t>(), (*found)[1].get<int64_t>()};
  }
  return SettingError(key, "a positive integer or two of them, [height, width]", *found);
}

absl::StatusOr<Activation> ActivationSetting(const nlohmann::json& config) {
  const auto found = config.find("activation");
  if (found == config.end()) return Activation{};
  if (*found == "relu") return Activation{.rectified = true};
  if (*found == "relu6") return Activation{.rectified = true, .ceiling = kSix};
  return SettingError("activation", R"("relu" or "relu6")", *found);
}

absl::Status CheckSize(const Shape& shape, std::string_view what) {
  int64_t elements = 1;
  for (const int64_t extent : shape) {
    if (extent > kMaxElements / elements) {
      return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " ", FormatShape(shape), " is too large"));
    }
    elements *= extent;
  }
  return absl::OkStatus();
}

}  // namespace seedbed::graph
