// Which subset each row of a manifest belongs to. On disk a TSV: "# seedbed-split 1", "# dataset NAME VERSION MANIFEST_SHA256", header,
// then "row TAB subset TAB path" for each row that is in a subset.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace seedbed::dataset {

struct SplitTable {
  std::vector<std::string> subsets;   // names in order: "train", "validation", "test"
  std::vector<int8_t> subset_of_row;  // index into subsets, -1: in none; one entry per manifest row

  // Row numbers of a subset, ascending; empty when there is no such subset.
  std::vector<uint32_t> RowsOf(std::string_view subset) const;
};

std::string FormatSplitTable(const SplitTable& table, std::string_view dataset, int version, std::string_view manifest_sha256,
                             std::span<const std::string> paths);
// DATA_LOSS when damaged; FAILED_PRECONDITION when it was made for another manifest.
absl::StatusOr<SplitTable> ReadSplitTable(const std::filesystem::path& file, std::string_view manifest_sha256, size_t manifest_rows);

}  // namespace seedbed::dataset
