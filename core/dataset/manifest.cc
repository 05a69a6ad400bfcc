#include "core/dataset/manifest.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/dataset/tsv.h"
#include "nlohmann/json.hpp"

namespace seedbed::dataset {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr char kDatasetFile[] = "dataset.json";
constexpr char kManifestFile[] = "manifest.tsv";
constexpr char kRejectedFile[] = "rejected.tsv";
constexpr std::string_view kManifestHeader = "path\tlabel\tgroup\tsha256\tbytes\tmtime_ns\twidth\theight\tphash";
constexpr size_t kManifestColumns = 9;
constexpr std::string_view kMovedPrefix = "moved-";

std::string FormatRows(const Manifest& manifest) {
  std::string table = absl::StrCat(ToAbsl(kManifestHeader), "\n");
  for (const ManifestRow& row : manifest.rows) {
    absl::StrAppend(&table, EscapeField(row.path), "\t", row.label, "\t", EscapeField(row.group), "\t", row.sha256, "\t", row.bytes, "\t",
                    row.mtime_ns, "\t", row.width, "\t", row.height, "\t", absl::Hex(row.perceptual_hash, absl::kZeroPad16), "\n");
  }
  return table;
}

// True when all of `text` is a number that fits.
template <typename Number>
bool Parse(std::string_view text, Number* number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number, base);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<ManifestRow> ParseRow(std::string_view line) {
  const std::vector<std::string_view> fields = SplitAt(line, '\t');
  if (fields.size() != kManifestColumns) return std::nullopt;
  std::optional<std::string> path = UnescapeField(fields[0]);
  std::optional<std::string> group = UnescapeField(fields[2]);
  if (!path || !group || !IsSha256Hex(fields[3])) return std::nullopt;
  ManifestRow row;
  row.path = *std::move(path);
  row.group = *std::move(group);
  row.sha256 = std::string(fields[3]);
  const bool numbers = Parse(fields[1], &row.label) && Parse(fields[4], &row.bytes) && Parse(fields[5], &row.mtime_ns) &&
                       Parse(fields[6], &row.width) && Parse(fields[7], &row.height) && Parse(fields[8], &row.perceptual_hash, 16);
  if (!numbers) return std::nullopt;
  return row;
}

absl::Status Damaged(const fs::path& file, std::string_view what) {
  return absl::DataLossError(absl::StrCat(file.string(), " is damaged: ", ToAbsl(what), "; index the folder again"));
}

absl::Status ParseRows(const fs::path& file, std::string_view table, Manifest* manifest) {
  const std::vector<std::string_view> lines = SplitLines(table);
  if (lines.empty() || lines[0] != kManifestHeader) return Damaged(file, "unknown columns");
  manifest->rows.reserve(lines.size() - 1);
  for (size_t i = 1; i < lines.size(); ++i) {
    std::optional<ManifestRow> row = ParseRow(lines[i]);
    const bool known_class = row && row->label >= 0 && static_cast<size_t>(row->label) < manifest->classes.size();
    if (!known_class) return Damaged(file, absl::StrCat("line ", i + 1));
    manifest->rows.push_back(*std::move(row));
  }
  return absl::OkStatus();
}

// What dataset.json says.
struct Description {
  std::string root;
  std::vector<std::string> classes;
  std::string table_sha256;
};

absl::StatusOr<Description> ReadDescription(const fs::path& file) {
  SB_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  try {  // the JSON library reports absent members and wrong types by exceptions
    const Json json = Json::parse(text);
    if (json.at("format").get<int>() != kFormat) {
      return absl::FailedPreconditionError(absl::StrCat(file.string(), " has a format this version does not know"));
    }
    return Description{json.at("root").get<std::string>(), json.at("classes").get<std::vector<std::string>>(),
                       json.at("manifest_tsv_sha256").get<std::string>()};
  } catch (const Json::exception& error) {
    return Damaged(file, error.what());
  }
}

// Adds the places that one moved-*.tsv names.
absl::Status AddMoves(const fs::path& file, std::unordered_map<std::string, ManifestRow*>* row_of_path) {
  SB_ASSIGN_OR_RETURN(const std::string table, ReadFile(file));
  for (const std::string_view line : SplitLines(table)) {
    const std::vector<std::string_view> fields = SplitAt(line, '\t');
    const auto path = UnescapeField(fields.front());
    const auto place = UnescapeField(fields.back());
    const auto row = path && place && fields.size() == 2 ? row_of_path->find(*path) : row_of_path->end();
    if (row == row_of_path->end()) return Damaged(file, absl::StrCat("line '", ToAbsl(line), "'"));
    row->second->moved_to.push_back(*place);
  }
  return absl::OkStatus();
}

absl::Status ReadMoves(const fs::path& folder, Manifest* manifest) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(kMovedPrefix) && name.ends_with(".tsv")) files.push_back(it->path());
  }
  if (error) return ErrnoStatus(error.value(), "list", folder);
  if (files.empty()) return absl::OkStatus();
  std::sort(files.begin(), files.end());
  std::unordered_map<std::string, ManifestRow*> row_of_path;
  for (ManifestRow& row : manifest->rows) row_of_path.emplace(row.path, &row);
  for (const fs::path& file : files) SB_RETURN_IF_ERROR(AddMoves(file, &row_of_path));
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteManifest(const fs::path& folder, const Manifest& manifest, const std::vector<RejectedFile>& rejected) {
  const std::string table = FormatRows(manifest);
  std::string rejected_table = "path\treason\n";
  for (const RejectedFile& file : rejected) absl::StrAppend(&rejected_table, EscapeField(file.path), "\t", EscapeField(file.reason), "\n");
  const Json description = {{"format", kFormat},
                            {"source", manifest.root.empty() ? "upload" : "folder"},
                            {"root", manifest.root},
                            {"classes", manifest.classes},
                            {"images", manifest.rows.size()},
                            {"manifest_sha256", ManifestDigest(manifest)},
                            {"manifest_tsv_sha256", Sha256Hex(table)}};
  SB_RETURN_IF_ERROR(PublishFile(folder / kManifestFile, table));
  SB_RETURN_IF_ERROR(PublishFile(folder / kRejectedFile, rejected_table));
  // Invalid UTF-8 cannot get here (folder_scan.h), but must not throw if it does.
  return PublishFile(folder / kDatasetFile, description.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

absl::StatusOr<Manifest> ReadManifest(const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(Description description, ReadDescription(folder / kDatasetFile));
  const fs::path file = folder / kManifestFile;
  SB_ASSIGN_OR_RETURN(const std::string table, ReadFile(file));
  if (Sha256Hex(table) != description.table_sha256) return Damaged(file, "its content is not what was written");
  Manifest manifest{std::move(description.root), std::move(description.classes), {}};
  SB_RETURN_IF_ERROR(ParseRows(file, table, &manifest));
  SB_RETURN_IF_ERROR(ReadMoves(folder, &manifest));
  return manifest;
}

absl::StatusOr<std::vector<RejectedFile>> ReadRejected(const fs::path& folder) {
  const fs::path file = folder / kRejectedFile;
  SB_ASSIGN_OR_RETURN(const std::string table, ReadFile(file));
  const std::vector<std::string_view> lines = SplitLines(table);
  std::vector<RejectedFile> rejected;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> fields = SplitAt(lines[i], '\t');
    std::optional<std::string> path = UnescapeField(fields.front()), reason = UnescapeField(fields.back());
    if (!path || !reason || fields.size() != 2) return Damaged(file, absl::StrCat("line ", i + 1));
    rejected.push_back({*std::move(path), *std::move(reason)});
  }
  return rejected;
}

std::string ManifestDigest(const Manifest& manifest) {
  Sha256 hash;
  for (const std::string& name : manifest.classes) hash.Update(EscapeField(name) + "\n");
  for (const ManifestRow& row : manifest.rows) {
    hash.Update(absl::StrCat(EscapeField(row.path), "\t", row.label, "\t", EscapeField(row.group), "\t", row.sha256, "\n"));
  }
  return hash.FinishHex();
}

absl::Status RecordMoves(const fs::path& folder, const Manifest& manifest, std::span<const std::string> moved) {
  std::string table;
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    if (!moved[i].empty()) absl::StrAppend(&table, EscapeField(manifest.rows[i].path), "\t", EscapeField(moved[i]), "\n");
  }
  // Named by content: the same moves again are the same file, and other moves never replace them.
  return PublishFile(folder / absl::StrCat(ToAbsl(kMovedPrefix), Sha256Hex(table).substr(0, 16), ".tsv"), table);
}

}  // namespace seedbed::dataset
