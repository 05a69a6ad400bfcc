#include "server/config/units.h"

#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t size;
};

// Largest first within each kind that formatting may use.
constexpr Unit kDurationUnits[] = {
    {"d", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
};
constexpr Unit kBinaryUnits[] = {
    {"TiB", int64_t{1} << 40}, {"GiB", int64_t{1} << 30}, {"MiB", int64_t{1} << 20}, {"KiB", int64_t{1} << 10}, {"B", 1},
};
constexpr Unit kDecimalUnits[] = {
    {"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"kB", 1'000}, {"KB", 1'000},
};

const Unit* FindUnit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// A number and the word behind it.
std::optional<std::pair<double, std::string_view>> SplitNumber(std::string_view text) {
  const size_t end = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, end);
  std::string_view unit = end == std::string_view::npos ? std::string_view() : text.substr(end);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  double value = 0;
  if (number.empty() || !absl::SimpleAtod(ToAbsl(number), &value) || !std::isfinite(value)) return std::nullopt;
  return std::pair(value, unit);
}

// nullopt when the product is no whole number of the smallest unit that fits 63 bits.
std::optional<int64_t> Scale(double value, int64_t size) {
  const double product = std::round(value * static_cast<double>(size));
  if (product >= 9.2e18) return std::nullopt;
  return static_cast<int64_t>(product);
}

std::string Format(int64_t value, std::span<const Unit> units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  for (const Unit& unit : units) {
    if (value % unit.size == 0) return absl::StrCat(value / unit.size, ToAbsl(unit.name));
  }
  return absl::StrCat(value);
}

}  // namespace

absl::StatusOr<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  if (const auto parts = SplitNumber(text)) {
    const Unit* unit = FindUnit(kDurationUnits, parts->second.empty() ? "s" : parts->second);
    const auto count = unit == nullptr ? std::nullopt : Scale(parts->first, unit->size);
    if (count) return std::chrono::nanoseconds(*count);
  }
  return absl::InvalidArgumentError(absl::StrCat("'", ToAbsl(text), "' is no duration; write for example 200ms, 15s, 5m or 2h"));
}

absl::StatusOr<int64_t> ParseBytes(std::string_view text) {
  if (const auto parts = SplitNumber(text)) {
    const std::string_view name = parts->second.empty() ? "B" : parts->second;
    const Unit* unit = FindUnit(kBinaryUnits, name);
    if (unit == nullptr) unit = FindUnit(kDecimalUnits, name);
    const auto bytes = unit == nullptr ? std::nullopt : Scale(parts->first, unit->size);
    if (bytes) return *bytes;
  }
  return absl::InvalidArgumentError(absl::StrCat("'", ToAbsl(text), "' is no size; write for example 536870912, 512MiB or 20GiB"));
}

std::string FormatDuration(std::chrono::nanoseconds duration) { return Format(duration.count(), kDurationUnits, "0s"); }

std::string FormatBytes(int64_t bytes) { return Format(bytes, kBinaryUnits, "0"); }

}  // namespace seedbed::config
