// Which rows must stay together when a dataset is divided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/manifest.h"

namespace seedbed::dataset {

struct GroupingOptions {
  // ECMAScript regular expression, searched in each row's path; its first capture names the row's group, across all classes. A path it does
  // not match, or whose capture took no part, is a group of its own. Empty: none.
  std::string group_by;
  // Images that look alike stay together (duplicates.h). It is transitive: a ~ b and b ~ c put all three in one unit.
  bool near_duplicates = false;
};

// Rows in units that are never divided: connected by equal content, by the manifest's group column, and by the options.
struct Units {
  std::vector<uint32_t> unit_of_row;
  size_t count = 0;  // units are 0 to count - 1, numbered by their first rows
};

// INVALID_ARGUMENT when group_by is no regular expression, has no capture or is too costly to match.
absl::StatusOr<Units> GroupRows(const Manifest& manifest, const GroupingOptions& options);

}  // namespace seedbed::dataset
