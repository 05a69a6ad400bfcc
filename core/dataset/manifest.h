// What a dataset version is: an immutable list of labelled images.
//
// On disk, in datasets/<name>/<version>/: dataset.json (format, root, source, classes), manifest.tsv (one row per image; header line;
// columns path, label, group, sha256, bytes, mtime_ns, width, height, phash) and rejected.tsv (path, reason). Tabs, newlines and
// backslashes in paths are written as \t, \n and \\.
//
// When a split moved files (materialize.h), moved-*.tsv beside them say where to: path TAB absolute path. Such a line is written before the
// file is moved and never taken back: a file is at one of its places at any time, whatever crashes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"

namespace seedbed::dataset {

struct ManifestRow {
  std::string path;   // relative to the root, '/'-separated: "<class>/<file>"
  int32_t label = 0;  // index into Manifest::classes
  std::string group;  // empty: none
  std::string sha256;
  uint64_t bytes = 0;
  int64_t mtime_ns = 0;  // of the file when it was indexed; 0 for uploads
  int32_t width = 0;
  int32_t height = 0;
  uint64_t perceptual_hash = 0;
  std::vector<std::string> moved_to;  // absolute paths where the file may be instead; not part of the digest
};

struct RejectedFile {
  std::string path;
  std::string reason;
};

struct Manifest {
  // Folder that was indexed in place; empty for uploads, whose bytes are in the object store by digest.
  std::string root;
  std::vector<std::string> classes;  // sorted by bytes; an empty folder is a class too
  std::vector<ManifestRow> rows;     // ordered by label, then as Keras's DirectoryIterator lists files
};

// Writes the three files into `folder` (which exists); publication is the caller's.
absl::Status WriteManifest(const std::filesystem::path& folder, const Manifest& manifest, const std::vector<RejectedFile>& rejected);
// DATA_LOSS when damaged, NOT_FOUND when `folder` holds none.
absl::StatusOr<Manifest> ReadManifest(const std::filesystem::path& folder);
// What was left out. Errors as ReadManifest.
absl::StatusOr<std::vector<RejectedFile>> ReadRejected(const std::filesystem::path& folder);
// SHA-256 over classes and rows without mtime and root: equal contents, equal digest.
std::string ManifestDigest(const Manifest& manifest);

// Where the row's file is now. NOT_FOUND when it is at none of its places.
absl::StatusOr<std::filesystem::path> LocateImageFile(const Manifest& manifest, const ManifestRow& row,
                                                      const std::filesystem::path& objects_folder);
// The bytes of a row's file. For a dataset in place the size and time are compared with the manifest, and when only the time differs, the
// content's digest: FAILED_PRECONDITION naming the file when it changed since it was indexed, NOT_FOUND when it is gone.
absl::StatusOr<std::string> ReadImageFile(const Manifest& manifest, const ManifestRow& row, const std::filesystem::path& objects_folder);
// The same check without reading the content unless the time differs.
absl::Status CheckUnchanged(const Manifest& manifest, const ManifestRow& row, const std::filesystem::path& objects_folder);
// The same for many rows at once; the error is that of the first of them that changed. `go_on` is asked before each row, on any thread;
// once it says no the result is CANCELLED. Rows whose time differs are read, so this may take long.
absl::Status CheckAllUnchanged(const Manifest& manifest, std::span<const uint32_t> rows, const std::filesystem::path& objects_folder,
                               ThreadPool* pool, const std::function<bool()>& go_on);

// Says durably that files may be found elsewhere; to be called before they are moved. `moved` holds one absolute path for each row.
absl::Status RecordMoves(const std::filesystem::path& folder, const Manifest& manifest, std::span<const std::string> moved);

}  // namespace seedbed::dataset
