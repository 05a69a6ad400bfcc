#include "core/dataset/split_table.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/dataset/tsv.h"

namespace seedbed::dataset {
namespace {

constexpr std::string_view kFirstLine = "# seedbed-split 1";
constexpr std::string_view kColumns = "row\tsubset\tpath";
// Subsets stand in this order whatever the rows say first; others follow as they appear.
constexpr std::array<std::string_view, 3> kUsualSubsets = {"train", "validation", "test"};
constexpr int8_t kNoSubset = -1;
constexpr size_t kMaxSubsets = 127;

absl::Status Damaged(const std::filesystem::path& file, size_t line) {
  return absl::DataLossError(absl::StrCat(file.string(), " is damaged at line ", line, ": make the split again"));
}

// A line "row TAB subset TAB path".
struct Entry {
  size_t row = 0;
  std::string_view subset;
};

bool ParseEntry(std::string_view line, Entry* entry) {
  const std::vector<std::string_view> fields = SplitAt(line, '\t');
  if (fields.size() != 3 || fields[1].empty()) return false;
  const auto [end, error] = std::from_chars(fields[0].data(), fields[0].data() + fields[0].size(), entry->row);
  entry->subset = fields[1];
  return error == std::errc() && end == fields[0].data() + fields[0].size();
}

std::vector<std::string> SubsetNames(std::span<const Entry> entries) {
  std::vector<std::string> names(kUsualSubsets.begin(), kUsualSubsets.end());
  std::vector<bool> seen(names.size(), false);
  for (const Entry& entry : entries) {
    const size_t index = static_cast<size_t>(std::find(names.begin(), names.end(), entry.subset) - names.begin());
    if (index < names.size()) {
      seen[index] = true;
    } else {
      names.emplace_back(entry.subset);
      seen.push_back(true);
    }
  }
  std::vector<std::string> present;
  for (size_t i = 0; i < names.size(); ++i) {
    if (seen[i]) present.push_back(names[i]);
  }
  return present;
}

// "# dataset NAME VERSION DIGEST": the digest.
std::string_view DigestOf(std::string_view line) {
  const std::vector<std::string_view> words = SplitAt(line, ' ');
  return words.size() == 5 && words[0] == "#" && words[1] == "dataset" ? words[4] : std::string_view();
}

}  // namespace

std::vector<uint32_t> SplitTable::RowsOf(std::string_view subset) const {
  const auto found = std::find(subsets.begin(), subsets.end(), subset);
  if (found == subsets.end()) return {};
  const auto index = static_cast<int8_t>(found - subsets.begin());
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < subset_of_row.size(); ++row) {
    if (subset_of_row[row] == index) rows.push_back(static_cast<uint32_t>(row));
  }
  return rows;
}

std::string FormatSplitTable(const SplitTable& table, std::string_view dataset, int version, std::string_view manifest_sha256,
                             std::span<const std::string> paths) {
  std::string text = absl::StrCat(ToAbsl(kFirstLine), "\n# dataset ", ToAbsl(dataset), " ", version, " ", ToAbsl(manifest_sha256), "\n",
                                  ToAbsl(kColumns), "\n");
  for (size_t row = 0; row < table.subset_of_row.size(); ++row) {
    const int8_t subset = table.subset_of_row[row];
    if (subset == kNoSubset) continue;
    absl::StrAppend(&text, row, "\t", table.subsets[static_cast<size_t>(subset)], "\t", EscapeField(paths[row]), "\n");
  }
  return text;
}

absl::StatusOr<SplitTable> ReadSplitTable(const std::filesystem::path& file, std::string_view manifest_sha256, size_t manifest_rows) {
  SB_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const std::vector<std::string_view> lines = SplitLines(text);
  constexpr size_t kHeaderLines = 3;
  if (lines.size() < kHeaderLines || lines[0] != kFirstLine || lines[2] != kColumns || !text.ends_with('\n')) return Damaged(file, 1);
  if (DigestOf(lines[1]).empty()) return Damaged(file, 2);
  if (DigestOf(lines[1]) != manifest_sha256) {
    return absl::FailedPreconditionError(
        absl::StrCat("split ", file.stem().string(), " was made for another version of the dataset: make a split of this one"));
  }
  std::vector<Entry> entries(lines.size() - kHeaderLines);
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool valid = ParseEntry(lines[i + kHeaderLines], &entries[i]) && entries[i].row < manifest_rows;
    if (!valid || (i > 0 && entries[i].row <= entries[i - 1].row)) return Damaged(file, i + kHeaderLines + 1);
  }
  SplitTable table{SubsetNames(entries), std::vector<int8_t>(manifest_rows, kNoSubset)};
  if (table.subsets.size() > kMaxSubsets) return Damaged(file, kHeaderLines);
  for (const Entry& entry : entries) {
    const auto subset = std::find(table.subsets.begin(), table.subsets.end(), entry.subset) - table.subsets.begin();
    table.subset_of_row[entry.row] = static_cast<int8_t>(subset);
  }
  return table;
}

}  // namespace seedbed::dataset
