#include "core/dataset/grouping.h"

#include <numeric>
#include <regex>
#include <string_view>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dataset/duplicates.h"

namespace seedbed::dataset {
namespace {

// Disjoint sets of rows, with path halving; the smallest row leads its set.
class RowSets {
 public:
  explicit RowSets(size_t rows) : parent_(rows) { std::iota(parent_.begin(), parent_.end(), 0u); }

  uint32_t Find(uint32_t row) {
    while (parent_[row] != row) row = parent_[row] = parent_[parent_[row]];
    return row;
  }
  void Join(uint32_t a, uint32_t b) {
    const uint32_t leader_a = Find(a);
    const uint32_t leader_b = Find(b);
    parent_[std::max(leader_a, leader_b)] = std::min(leader_a, leader_b);
  }

 private:
  std::vector<uint32_t> parent_;
};

absl::Status BadPattern(const std::string& pattern, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("group pattern '", pattern, "' ", ToAbsl(why)));
}

// The first capture of `pattern` in each path; empty where there is none. std::regex reports its errors by exceptions; they end here.
absl::StatusOr<std::vector<std::string>> NameGroups(const Manifest& manifest, const std::string& pattern) {
  std::vector<std::string> names;
  names.reserve(manifest.rows.size());
  try {
    const std::regex expression(pattern, std::regex::ECMAScript | std::regex::optimize);
    if (expression.mark_count() == 0) {
      return BadPattern(pattern,
                        "captures nothing: put parentheses around the part of the path that names the group, such as '/plot(\\d+)_'");
    }
    for (const ManifestRow& row : manifest.rows) {
      std::smatch match;
      names.push_back(std::regex_search(row.path, match, expression) ? match[1].str() : "");
    }
  } catch (const std::regex_error& error) {
    return BadPattern(pattern, absl::StrCat("cannot be used: ", error.what()));
  }
  return names;
}

// Joins rows that share a name; the empty name joins nothing.
void JoinByName(const std::vector<std::string>& names, RowSets* sets) {
  std::unordered_map<std::string_view, uint32_t> first_of;
  for (uint32_t row = 0; row < names.size(); ++row) {
    if (!names[row].empty()) sets->Join(first_of.emplace(names[row], row).first->second, row);
  }
}

Units NumberUnits(RowSets* sets, size_t rows) {
  Units units;
  units.unit_of_row.resize(rows);
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t leader = sets->Find(row);
    // The leader is the smallest row of its set, so it was numbered already.
    units.unit_of_row[row] = leader == row ? static_cast<uint32_t>(units.count++) : units.unit_of_row[leader];
  }
  return units;
}

}  // namespace

absl::StatusOr<Units> GroupRows(const Manifest& manifest, const GroupingOptions& options) {
  RowSets sets(manifest.rows.size());
  for (const std::vector<uint32_t>& group : ExactDuplicates(manifest)) {
    for (const uint32_t row : group) sets.Join(group.front(), row);
  }
  std::vector<std::string> names;
  names.reserve(manifest.rows.size());
  for (const ManifestRow& row : manifest.rows) names.push_back(row.group);
  JoinByName(names, &sets);
  if (!options.group_by.empty()) {
    SB_ASSIGN_OR_RETURN(names, NameGroups(manifest, options.group_by));
    JoinByName(names, &sets);
  }
  if (options.near_duplicates) {
    for (const auto& [a, b] : NearDuplicates(manifest).Links()) sets.Join(a, b);
  }
  return NumberUnits(&sets, manifest.rows.size());
}

}  // namespace seedbed::dataset
