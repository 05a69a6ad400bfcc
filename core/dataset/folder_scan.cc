#include "core/dataset/folder_scan.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/dataset/class_layout.h"

namespace seedbed::dataset {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 8> kImageSuffixes = {".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff", ".webp"};

bool IsHidden(std::string_view name) { return name.starts_with('.'); }

std::string Join(std::string_view folder, std::string_view name) { return absl::StrCat(ToAbsl(folder), "/", ToAbsl(name)); }

// The entries of a folder that are folders themselves, not hidden, links included; sorted.
absl::StatusOr<std::vector<std::string>> SubfoldersOf(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code unknown;
    std::string name = it->path().filename().string();
    if (it->is_directory(unknown) && !IsHidden(name)) names.push_back(std::move(name));
  }
  if (error) return ErrnoStatus(error.value(), "list", folder);
  std::sort(names.begin(), names.end());
  return names;
}

// Collects the files below one class folder after the other.
class Scanner {
 public:
  Scanner(fs::path root, const ScanOptions& options) : root_(std::move(root)), options_(options) {}

  // `class_folder` is relative to the root.
  absl::Status AddClassFolder(const std::string& class_folder, int32_t label) {
    visited_.clear();
    pending_ = {class_folder};
    while (!pending_.empty()) {
      if (options_.cancelled()) return absl::CancelledError("cancelled while searching for images");
      const std::string folder = std::move(pending_.back());
      pending_.pop_back();
      if (FirstVisit(folder)) AddFolder(folder, label);
    }
    return absl::OkStatus();
  }

  Candidates Finish(std::vector<std::string> classes) && {
    found_.classes = std::move(classes);
    SortAsKeras(&found_.files);
    return std::move(found_);
  }

 private:
  bool FirstVisit(const std::string& folder) {
    struct stat info {};
    // What cannot be looked at is reported when it is opened.
    return ::stat((root_ / folder).c_str(), &info) != 0 || visited_.emplace(info.st_dev, info.st_ino).second;
  }

  void AddFolder(const std::string& folder, int32_t label) {
    std::error_code error;
    for (fs::directory_iterator it(root_ / folder, error), end; !error && it != end; it.increment(error)) AddEntry(*it, folder, label);
    if (error) found_.files.push_back({folder, label, "", absl::StrCat("the folder cannot be read: ", error.message())});
  }

  void AddEntry(const fs::directory_entry& entry, const std::string& folder, int32_t label) {
    const std::string name = entry.path().filename().string();
    std::error_code unknown;
    if (entry.is_directory(unknown)) {
      if (IsHidden(name)) return;
      if (entry.is_symlink(unknown) && !options_.follow_links) {
        ++found_.links_ignored;
      } else if (!IsUtf8(name)) {
        AddUnusable(folder, name, label, "the folder's name is not UTF-8: rename it");
      } else {
        pending_.push_back(Join(folder, name));
      }
      return;
    }
    if (!HasImageSuffix(name)) {
      ++found_.files_ignored;
    } else if (!IsUtf8(name)) {
      AddUnusable(folder, name, label, "the file's name is not UTF-8: rename it");
    } else if (!entry.exists(unknown)) {
      AddUnusable(folder, name, label, "the link leads nowhere");
    } else if (!entry.is_regular_file(unknown)) {
      AddUnusable(folder, name, label, "not a regular file");
    } else {
      found_.files.push_back({Join(folder, name), label, "", ""});
    }
  }

  void AddUnusable(const std::string& folder, const std::string& name, int32_t label, std::string reason) {
    const std::string shown = IsUtf8(name) ? name : absl::CHexEscape(name);
    found_.files.push_back({Join(folder, shown), label, "", std::move(reason)});
  }

  const fs::path root_;
  const ScanOptions& options_;
  Candidates found_;
  std::vector<std::string> pending_;           // folders still to be searched, relative to the root
  std::set<std::pair<dev_t, ino_t>> visited_;  // folders searched for the class at hand
};

absl::StatusOr<std::vector<std::string>> TopFolders(const fs::path& root) {
  if (!root.is_absolute()) return absl::InvalidArgumentError(absl::StrCat("folder '", root.string(), "' must be an absolute path"));
  if (!IsUtf8(root.string())) {
    return absl::InvalidArgumentError(absl::StrCat("the name of folder '", absl::CHexEscape(root.string()), "' is not UTF-8: rename it"));
  }
  std::error_code error;
  const fs::file_status status = fs::status(root, error);
  if (status.type() == fs::file_type::not_found) {
    return absl::InvalidArgumentError(absl::StrCat("folder ", root.string(), " does not exist"));
  }
  if (status.type() != fs::file_type::none && status.type() != fs::file_type::directory) {
    return absl::InvalidArgumentError(absl::StrCat(root.string(), " is not a folder"));
  }
  absl::StatusOr<std::vector<std::string>> folders = SubfoldersOf(root);
  if (!folders.ok()) return absl::InvalidArgumentError(folders.status().message());
  if (folders->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(root.string(), " has no class folders: images must lie in ", root.string(), "/<class>/"));
  }
  return folders;
}

// The class folders by subset folder; nothing when it is not a divided dataset.
absl::StatusOr<std::vector<ClassFolder>> DividedClassFolders(const fs::path& root, const std::vector<std::string>& subsets) {
  std::vector<ClassFolder> folders;
  if (!AllNameSubsets(subsets)) return folders;
  for (const std::string& subset : subsets) {
    SB_ASSIGN_OR_RETURN(const std::vector<std::string> classes, SubfoldersOf(root / subset));
    for (const std::string& name : classes) folders.push_back({Join(subset, name), name});
  }
  return folders;
}

}  // namespace

bool HasImageSuffix(std::string_view name) {
  return std::any_of(kImageSuffixes.begin(), kImageSuffixes.end(),
                     [&](std::string_view suffix) { return absl::EndsWithIgnoreCase(ToAbsl(name), ToAbsl(suffix)); });
}

absl::StatusOr<Candidates> ScanFolder(const fs::path& root, const ScanOptions& options) {
  SB_ASSIGN_OR_RETURN(const std::vector<std::string> top, TopFolders(root));
  SB_ASSIGN_OR_RETURN(std::vector<ClassFolder> folders, DividedClassFolders(root, top));
  if (folders.empty()) {
    for (const std::string& name : top) folders.push_back({name, name});
  }
  for (const ClassFolder& folder : folders) {
    if (!IsUtf8(folder.path)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the name of class folder '", absl::CHexEscape(folder.path), "' in ", root.string(), " is not UTF-8: rename it"));
    }
  }
  std::vector<std::string> classes = ClassNames(folders);
  Scanner scanner(root, options);
  for (const ClassFolder& folder : folders) SB_RETURN_IF_ERROR(scanner.AddClassFolder(folder.path, LabelOf(classes, folder.name)));
  return std::move(scanner).Finish(std::move(classes));
}

}  // namespace seedbed::dataset
