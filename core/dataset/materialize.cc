#include "core/dataset/materialize.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/dataset/class_layout.h"
#include "core/dataset/source_file.h"

namespace seedbed::dataset {
namespace fs = std::filesystem;
namespace {

// Says which layout a folder holds, so that only that one is ever continued there.
constexpr char kMarker[] = ".seedbed-split";
constexpr char kPartSuffix[] = ".seedbed-part";

// The row's path without the subset folder it may begin with: "<class>/...".
std::string BelowSubset(const Manifest& manifest, const ManifestRow& row) {
  if (!SubsetOfPath(row.path, manifest.classes[static_cast<size_t>(row.label)])) return row.path;
  return row.path.substr(row.path.find('/') + 1);
}

std::string Numbered(const std::string& path, int number) {
  const fs::path original(path);
  return (original.parent_path() / absl::StrCat(original.stem().string(), "-", number, original.extension().string())).string();
}

// Where each row goes, relative to the folder; empty for rows in no subset. Depends on nothing but manifest and table.
std::vector<std::string> PlanTargets(const Manifest& manifest, const SplitTable& table) {
  std::vector<std::string> targets(manifest.rows.size());
  std::unordered_set<std::string> taken;
  for (size_t row = 0; row < targets.size(); ++row) {
    const int8_t subset = table.subset_of_row[row];
    if (subset < 0) continue;
    const std::string wanted = table.subsets[static_cast<size_t>(subset)] + "/" + BelowSubset(manifest, manifest.rows[row]);
    targets[row] = wanted;
    for (int number = 2; !taken.insert(targets[row]).second; ++number) targets[row] = Numbered(wanted, number);
  }
  return targets;
}

std::string MarkerText(const Manifest& manifest, const std::vector<std::string>& targets) {
  Sha256 hash;
  hash.Update(ManifestDigest(manifest));
  for (const std::string& target : targets) hash.Update(target + "\n");
  return absl::StrCat("seedbed-split 1 ", hash.FinishHex(), "\n");
}

// True when `inner` is `outer` or lies below it, links resolved as far as the paths exist.
bool IsWithin(const fs::path& inner, const fs::path& outer) {
  std::error_code ignored;
  const fs::path relative = fs::weakly_canonical(inner, ignored).lexically_relative(fs::weakly_canonical(outer, ignored));
  return !relative.empty() && *relative.begin() != "..";
}

absl::Status CheckFolder(const Manifest& manifest, const fs::path& folder) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("folder '", folder.string(), "' ", ToAbsl(why)));
  };
  if (!folder.is_absolute()) return refuse("must be an absolute path");
  for (const fs::path& part : folder) {
    if (part == "..") return refuse("must not contain '..'");
  }
  if (manifest.root.empty()) return absl::OkStatus();
  if (IsWithin(folder, manifest.root)) return refuse("lies in the dataset's own folder, where its images would be taken for another class");
  if (IsWithin(manifest.root, folder)) return refuse("holds the dataset's own folder: name an empty or new one");
  return absl::OkStatus();
}

// Makes the folder this layout's: an empty or new one is marked, a marked one must bear the same mark.
absl::Status ClaimFolder(const fs::path& folder, const std::string& marker) {
  SB_RETURN_IF_ERROR(CreateDirectories(folder));
  const absl::StatusOr<std::string> found = ReadFile(folder / kMarker, 4096);
  if (found.ok() && *found == marker) return absl::OkStatus();
  std::error_code error;
  if (!fs::is_empty(folder, error) || error) {
    return absl::InvalidArgumentError(absl::StrCat("folder ", folder.string(), " is not empty: name an empty or new one"));
  }
  return PublishFile(folder / kMarker, marker);
}

// Renaming a file takes it from where it really is: that must be within the dataset's folder.
absl::Status CheckMovable(const Manifest& manifest) {
  if (manifest.root.empty()) {
    return absl::InvalidArgumentError("an uploaded dataset cannot be moved, its contents are the server's: use copy");
  }
  std::error_code ignored;
  const fs::path root = fs::weakly_canonical(manifest.root, ignored);
  std::set<fs::path> checked;
  for (const ManifestRow& row : manifest.rows) {
    const fs::path parent = fs::path(row.path).parent_path();
    if (!checked.insert(parent).second) continue;
    if (fs::weakly_canonical(root / parent, ignored) != root / parent) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", parent.string(), "' is reached through a link, so its images cannot be moved: use copy"));
    }
  }
  return absl::OkStatus();
}

bool IsDone(const fs::path& target, const ManifestRow& row) {
  const absl::StatusOr<FileStamp> stamp = StampOf(target);
  return stamp.ok() && stamp->bytes == row.bytes;
}

absl::Status Rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoStatus(errno, "rename to", to);
  return absl::OkStatus();
}

// Whether a copy must be on disk before it has its name: when the original is to be removed.
enum class Durability { kLater, kNow };

// The copy has the time of the original, so that it counts as unchanged.
absl::Status CopyFile(const fs::path& from, const fs::path& to, Durability durability) {
  const fs::path part = to.string() + kPartSuffix;
  const auto copy = [&]() -> absl::Status {
    std::error_code error;
    fs::copy_file(from, part, fs::copy_options::overwrite_existing, error);
    if (error) return ErrnoStatus(error.value(), absl::StrCat("copy ", from.string(), " to"), part);
    struct stat info {};
    if (::stat(from.c_str(), &info) != 0) return ErrnoStatus(errno, "stat", from);
    const timespec times[2] = {{0, UTIME_OMIT}, info.st_mtim};
    if (::utimensat(AT_FDCWD, part.c_str(), times, 0) != 0) return ErrnoStatus(errno, "set the time of", part);
    if (durability == Durability::kNow) SB_RETURN_IF_ERROR(SyncPath(part));
    return Rename(part, to);
  };
  absl::Status status = copy();
  if (!status.ok()) ::unlink(part.c_str());
  return status;
}

// Lays out one file after the other.
class Layout {
 public:
  Layout(const Manifest& manifest, const MaterializeOptions& options) : manifest_(manifest), options_(options) {}

  absl::Status Place(const ManifestRow& row, const fs::path& target) {
    if (target.parent_path() != last_parent_) {
      SB_RETURN_IF_ERROR(CreateDirectories(target.parent_path()));
      last_parent_ = target.parent_path();
    }
    ++result_.files;
    if (options_.placement == Placement::kMove) return Move(row, target);
    if (IsDone(target, row)) return absl::OkStatus();
    SB_ASSIGN_OR_RETURN(const fs::path source, LocateImageFile(manifest_, row, options_.objects));
    return options_.placement == Placement::kLink ? Link(source, target) : CopyFile(source, target, Durability::kLater);
  }

  const Materialized& result() const { return result_; }

 private:
  absl::Status Link(const fs::path& source, const fs::path& target) {
    ::unlink(target.c_str());  // a file of another size, left by a power loss
    // AT_SYMLINK_FOLLOW: a link to the image, not to a link to it.
    const bool may_link = !manifest_.root.empty();
    if (may_link && ::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW) == 0) return absl::OkStatus();
    ++result_.copied_instead;
    return CopyFile(source, target, Durability::kLater);
  }

  // The original goes last, and only once the target is known to hold its content.
  absl::Status Move(const ManifestRow& row, const fs::path& target) {
    SB_ASSIGN_OR_RETURN(const fs::path source, LocateImageFile(manifest_, row, options_.objects));
    std::error_code error;
    if (source == target) return RemoveLeftover(row, target);
    if (!fs::exists(target, error)) {
      const bool is_link = fs::is_symlink(source, error);
      if (!is_link && ::rename(source.c_str(), target.c_str()) == 0) return absl::OkStatus();
      if (!is_link && errno != EXDEV) return ErrnoStatus(errno, absl::StrCat("move ", source.string(), " to"), target);
      SB_RETURN_IF_ERROR(CopyFile(source, target, Durability::kNow));
    }
    return RemoveOriginal(row, source, target);
  }

  // An earlier attempt may have died between copying and removing.
  absl::Status RemoveLeftover(const ManifestRow& row, const fs::path& target) {
    const fs::path original = fs::path(manifest_.root) / row.path;
    std::error_code error;
    return fs::exists(fs::symlink_status(original, error)) ? RemoveOriginal(row, original, target) : absl::OkStatus();
  }

  static absl::Status RemoveOriginal(const ManifestRow& row, const fs::path& original, const fs::path& target) {
    SB_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(target));
    if (digest != row.sha256) {
      return absl::FailedPreconditionError(
          absl::StrCat(target.string(), " is not the image '", row.path, "' that was indexed: remove it and split again"));
    }
    if (::unlink(original.c_str()) != 0) return ErrnoStatus(errno, "remove", original);
    return absl::OkStatus();
  }

  const Manifest& manifest_;
  const MaterializeOptions& options_;
  fs::path last_parent_;
  Materialized result_;
};

std::vector<uint32_t> RowsWithTarget(const std::vector<std::string>& targets) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < targets.size(); ++row) {
    if (!targets[row].empty()) rows.push_back(row);
  }
  return rows;
}

// Folders of new names reach the disk together: one call instead of one for each.
absl::Status SyncFileSystemOf(const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(folder));
  if (::syncfs(fd.get()) != 0) return ErrnoStatus(errno, "sync", folder);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Materialized> Materialize(const Manifest& manifest, const SplitTable& table, const MaterializeOptions& options) {
  SB_RETURN_IF_ERROR(CheckFolder(manifest, options.folder));
  if (options.placement == Placement::kMove) SB_RETURN_IF_ERROR(CheckMovable(manifest));
  const std::vector<std::string> targets = PlanTargets(manifest, table);
  const std::vector<uint32_t> rows = RowsWithTarget(targets);
  for (const uint32_t row : rows) SB_RETURN_IF_ERROR(CheckUnchanged(manifest, manifest.rows[row], options.objects));
  SB_RETURN_IF_ERROR(ClaimFolder(options.folder, MarkerText(manifest, targets)));
  if (options.placement == Placement::kMove) {
    std::vector<std::string> places(targets.size());
    for (const uint32_t row : rows) places[row] = (options.folder / targets[row]).string();
    SB_RETURN_IF_ERROR(RecordMoves(options.dataset_dir, manifest, places));
  }
  Layout layout(manifest, options);
  for (size_t i = 0; i < rows.size(); ++i) {
    SB_RETURN_IF_ERROR(layout.Place(manifest.rows[rows[i]], options.folder / targets[rows[i]]));
    if (!options.on_progress(i + 1, rows.size())) return absl::CancelledError("cancelled while laying out the images");
  }
  SB_RETURN_IF_ERROR(SyncFileSystemOf(options.folder));
  return layout.result();
}

}  // namespace seedbed::dataset
