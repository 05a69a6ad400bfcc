#include "core/augment/distribution.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace seedbed::augment {
namespace {

using nlohmann::json;

absl::Status Wrong(std::string_view field, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), " ", what));
}

absl::Status NotOne(const json& value, std::string_view field) {
  return Wrong(field, absl::StrCat("is ", value.dump(), "; it must be a number, [low, high], or one of {\"uniform\": [low, high]}, ",
                                   R"({"normal": [mean, standard deviation]}, {"choice": [a, b, ...]})"));
}

// The numbers of a list; nullopt when it is none.
std::optional<std::vector<double>> Numbers(const json& value) {
  if (!value.is_array() || value.empty()) return std::nullopt;
  std::vector<double> numbers;
  for (const json& item : value) {
    if (!item.is_number() || !std::isfinite(item.get<double>())) return std::nullopt;
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

absl::Status CheckAllowed(std::span<const double> values, Range allowed, std::string_view field) {
  for (const double value : values) {
    if (value >= allowed.low && value <= allowed.high) continue;
    if (!std::isfinite(allowed.high)) return Wrong(field, absl::StrCat("is ", value, "; it must be at least ", allowed.low));
    return Wrong(field, absl::StrCat("is ", value, "; it must lie between ", allowed.low, " and ", allowed.high));
  }
  return absl::OkStatus();
}

}  // namespace

Distribution Distribution::Constant(double value) { return {Kind::kConstant, {value}, {value, value}}; }
Distribution Distribution::Uniform(double low, double high) { return {Kind::kUniform, {low, high}, {low, high}}; }

absl::StatusOr<Distribution> Distribution::Parse(const json& value, Range allowed, std::string_view field) {
  if (value.is_number() && std::isfinite(value.get<double>())) {
    const double number = value.get<double>();
    SB_RETURN_IF_ERROR(CheckAllowed({&number, 1}, allowed, field));
    return Distribution(Kind::kConstant, {number}, allowed);
  }
  const bool named = value.is_object() && value.size() == 1;
  const std::string kind = named ? value.begin().key() : "uniform";
  const std::optional<std::vector<double>> numbers = Numbers(named ? value.begin().value() : value);
  if (!numbers) return NotOne(value, field);
  if (kind == "choice") {
    SB_RETURN_IF_ERROR(CheckAllowed(*numbers, allowed, field));
    return Distribution(Kind::kChoice, *numbers, allowed);
  }
  if (numbers->size() != 2) return NotOne(value, field);
  const double first = numbers->front(), second = numbers->back();
  if (kind == "normal") {
    if (second < 0) return Wrong(field, absl::StrCat("has the standard deviation ", second, "; it must not be negative"));
    SB_RETURN_IF_ERROR(CheckAllowed({&first, 1}, allowed, field));
    return Distribution(Kind::kNormal, *numbers, allowed);
  }
  if (kind != "uniform") return NotOne(value, field);
  if (first > second) return Wrong(field, absl::StrCat("runs from ", first, " to ", second, "; the lower end comes first"));
  SB_RETURN_IF_ERROR(CheckAllowed(*numbers, allowed, field));
  return Distribution(Kind::kUniform, *numbers, allowed);
}

double Distribution::Draw(RandomStream& random) const {
  switch (kind_) {
    case Kind::kConstant:
      return values_.front();
    case Kind::kUniform:
      return random.NextUniformDouble(values_.front(), values_.back());
    case Kind::kNormal:
      return std::clamp(values_.front() + values_.back() * random.NextNormal(), allowed_.low, allowed_.high);
    case Kind::kChoice:
      return values_[random.NextBelow(static_cast<uint32_t>(values_.size()))];
  }
  std::abort();  // not reached: all kinds are above
}

int Distribution::DrawInteger(RandomStream& random) const {
  if (kind_ != Kind::kUniform) return static_cast<int>(std::lround(Draw(random)));
  const int low = static_cast<int>(std::ceil(values_.front())), high = static_cast<int>(std::floor(values_.back()));
  if (high <= low) return low;
  return low + static_cast<int>(random.NextBelow(static_cast<uint32_t>(high - low) + 1));
}

bool Distribution::constant() const { return range().low == range().high; }

Range Distribution::range() const {
  if (kind_ == Kind::kNormal) return values_.back() == 0 ? Range{values_.front(), values_.front()} : allowed_;
  const auto [low, high] = std::minmax_element(values_.begin(), values_.end());
  return {*low, *high};
}

json Distribution::ToJson() const {
  switch (kind_) {
    case Kind::kConstant:
      return values_.front();
    case Kind::kUniform:
      return values_;
    case Kind::kNormal:
      return {{"normal", values_}};
    case Kind::kChoice:
      return {{"choice", values_}};
  }
  std::abort();  // not reached: all kinds are above
}

}  // namespace seedbed::augment
