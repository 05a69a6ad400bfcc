// One image file on disk: what identifies its state, and its bytes together with that state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace seedbed::dataset {

struct FileStamp {
  uint64_t bytes = 0;
  int64_t mtime_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

// Follows a link. INVALID_ARGUMENT unless it is a regular file; else as core/base/file.h.
absl::StatusOr<FileStamp> StampOf(const std::filesystem::path& path);

// Reads the whole file into `content`, whose buffer is reused. The stamp is that of the open file, so it belongs to the bytes read. Never
// blocks on a pipe or device. INVALID_ARGUMENT when it is not a regular file or larger than `max_bytes`.
absl::StatusOr<FileStamp> ReadStampedFile(const std::filesystem::path& path, uint64_t max_bytes, std::string* content);

// Where the object store keeps a content: ab/cdef...
std::filesystem::path ObjectPath(const std::filesystem::path& objects_folder, std::string_view sha256);

}  // namespace seedbed::dataset
