// The listing of an upload (folder_scan.h).
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/dataset/class_layout.h"
#include "core/dataset/tsv.h"

namespace seedbed::dataset {
namespace {

struct ListedFile {
  std::string sha256;
  std::string path;
};

absl::StatusOr<ListedFile> ParseLine(std::string_view line) {
  const std::vector<std::string_view> fields = SplitAt(line, '\t');
  if (fields.size() != 2) return absl::InvalidArgumentError("must be a SHA-256, a tab and a path");
  if (!IsSha256Hex(fields[0])) return absl::InvalidArgumentError("does not begin with 64 lower-case hex digits");
  std::optional<std::string> path = UnescapeField(fields[1]);
  if (!path) return absl::InvalidArgumentError("has a path with a lone backslash: write it as \\\\");
  if (!IsUtf8(*path)) return absl::InvalidArgumentError(absl::StrCat("has the path '", absl::CHexEscape(*path), "', which is not UTF-8"));
  SB_RETURN_IF_ERROR(ResolveBeneath("", *path).status());
  if (path->find('/') == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("has the path '", *path, "' without a class folder: it must be <class>/<file>"));
  }
  return ListedFile{std::string(fields[0]), *std::move(path)};
}

absl::StatusOr<std::vector<ListedFile>> ParseLines(std::string_view listing) {
  const std::vector<std::string_view> lines = SplitLines(listing);
  std::vector<ListedFile> files;
  std::set<std::string_view> seen;
  files.reserve(lines.size());  // `seen` refers to its elements
  for (size_t i = 0; i < lines.size(); ++i) {
    absl::StatusOr<ListedFile> file = ParseLine(lines[i]);
    if (!file.ok()) return Annotate(file.status(), absl::StrCat("line ", i + 1, " of the listing"));
    files.push_back(*std::move(file));
    if (!seen.insert(files.back().path).second) {
      return absl::InvalidArgumentError(absl::StrCat("line ", i + 1, " of the listing names '", files.back().path, "' again"));
    }
  }
  if (files.empty()) return absl::InvalidArgumentError("the listing names no image");
  return files;
}

// The first folders of a path: one, or two below a subset.
ClassFolder ClassFolderOf(std::string_view path, bool divided) {
  const size_t first = path.find('/');
  if (!divided) return {std::string(path.substr(0, first)), std::string(path.substr(0, first))};
  const size_t second = path.find('/', first + 1);
  return {std::string(path.substr(0, second)), std::string(path.substr(first + 1, second - first - 1))};
}

bool IsDivided(const std::vector<ListedFile>& files) {
  for (const ListedFile& file : files) {
    const std::vector<std::string_view> parts = SplitAt(file.path, '/');
    if (parts.size() < 3 || !SubsetOfFolder(parts[0])) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<Candidates> ParseListing(std::string_view listing) {
  SB_ASSIGN_OR_RETURN(const std::vector<ListedFile> files, ParseLines(listing));
  const bool divided = IsDivided(files);
  std::vector<ClassFolder> folders;
  folders.reserve(files.size());
  for (const ListedFile& file : files) folders.push_back(ClassFolderOf(file.path, divided));
  Candidates candidates;
  candidates.classes = ClassNames(folders);
  for (size_t i = 0; i < files.size(); ++i) {
    candidates.files.push_back({files[i].path, LabelOf(candidates.classes, folders[i].name), files[i].sha256, ""});
  }
  SortAsKeras(&candidates.files);
  return candidates;
}

}  // namespace seedbed::dataset
