// The part of manifest.h that touches the images themselves.
#include <atomic>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "core/dataset/manifest.h"
#include "core/dataset/source_file.h"

namespace seedbed::dataset {
namespace fs = std::filesystem;
namespace {

absl::Status Changed(const Manifest& manifest, const ManifestRow& row) {
  return absl::FailedPreconditionError(
      absl::StrCat("image '", row.path, "' of ", manifest.root, " changed since it was indexed: index the dataset again"));
}

// OK when size and time are the manifest's; FAILED_PRECONDITION when the content must differ; nothing when only its digest can tell.
std::optional<absl::Status> Judge(const Manifest& manifest, const ManifestRow& row, const FileStamp& stamp) {
  if (stamp.bytes != row.bytes) {
    if (!manifest.root.empty()) return Changed(manifest, row);
    return absl::DataLossError(absl::StrCat("the stored content of image '", row.path, "' (", row.sha256, ") has ", stamp.bytes,
                                            " bytes instead of ", row.bytes, ": upload the dataset again"));
  }
  if (manifest.root.empty() || stamp.mtime_ns == row.mtime_ns) return absl::OkStatus();
  return std::nullopt;
}

// What the system says about a file that was fine when it was indexed, in terms of the dataset.
absl::Status Unusable(const ManifestRow& row, const absl::Status& status) {
  const bool is_the_files = status.code() == absl::StatusCode::kPermissionDenied || status.code() == absl::StatusCode::kInvalidArgument;
  return is_the_files ? absl::FailedPreconditionError(absl::StrCat("image '", row.path, "': ", status.message())) : status;
}

}  // namespace

absl::StatusOr<fs::path> LocateImageFile(const Manifest& manifest, const ManifestRow& row, const fs::path& objects_folder) {
  std::error_code ignored;
  for (const std::string& place : row.moved_to) {
    if (fs::exists(place, ignored)) return fs::path(place);
  }
  if (manifest.root.empty()) {
    fs::path object = ObjectPath(objects_folder, row.sha256);
    if (fs::exists(object, ignored)) return object;
    return absl::NotFoundError(absl::StrCat("the content of image '", row.path, "' (", row.sha256, ") is gone: upload the dataset again"));
  }
  fs::path original = fs::path(manifest.root) / row.path;
  // Not only ENOENT: a folder that may not be searched says more when the file is opened.
  std::error_code error;
  if (fs::status(original, error).type() != fs::file_type::not_found) return original;
  return absl::NotFoundError(
      absl::StrCat("image '", row.path, "' is gone from ", manifest.root, ": put it back, or index the dataset again"));
}

absl::StatusOr<std::string> ReadImageFile(const Manifest& manifest, const ManifestRow& row, const fs::path& objects_folder) {
  SB_ASSIGN_OR_RETURN(const fs::path file, LocateImageFile(manifest, row, objects_folder));
  std::string content;
  const absl::StatusOr<FileStamp> stamp = ReadStampedFile(file, std::numeric_limits<uint64_t>::max(), &content);
  if (!stamp.ok()) return Unusable(row, stamp.status());
  if (const auto verdict = Judge(manifest, row, *stamp)) {
    SB_RETURN_IF_ERROR(*verdict);
  } else if (Sha256Hex(content) != row.sha256) {
    return Changed(manifest, row);
  }
  return content;
}

absl::Status CheckUnchanged(const Manifest& manifest, const ManifestRow& row, const fs::path& objects_folder) {
  SB_ASSIGN_OR_RETURN(const fs::path file, LocateImageFile(manifest, row, objects_folder));
  const absl::StatusOr<FileStamp> stamp = StampOf(file);
  if (!stamp.ok()) return Unusable(row, stamp.status());
  if (const auto verdict = Judge(manifest, row, *stamp)) return *verdict;
  const absl::StatusOr<std::string> digest = Sha256HexOfFile(file);
  if (!digest.ok()) return Unusable(row, digest.status());
  return *digest == row.sha256 ? absl::OkStatus() : Changed(manifest, row);
}

absl::Status CheckAllUnchanged(const Manifest& manifest, std::span<const uint32_t> rows, const fs::path& objects_folder, ThreadPool* pool,
                               const std::function<bool()>& go_on) {
  // The first failing row whatever the threads do: rows before the best one known so far are all looked at.
  Mutex mutex;
  size_t first_failed = rows.size();
  absl::Status status;
  std::atomic<size_t> bound = rows.size();
  std::atomic<bool> stopped = false;
  pool->ParallelFor(rows.size(), [&](size_t i) {
    if (i >= bound || stopped) return;
    if (!go_on()) {
      stopped = true;
      return;
    }
    absl::Status row_status = CheckUnchanged(manifest, manifest.rows[rows[i]], objects_folder);
    if (row_status.ok()) return;
    MutexLock lock(&mutex);
    if (i >= first_failed) return;
    first_failed = i;
    status = std::move(row_status);
    bound = i;
  });
  return stopped ? absl::CancelledError("comparing the images with their files was stopped") : status;
}

}  // namespace seedbed::dataset
