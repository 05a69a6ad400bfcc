// Files read in pieces, for streams.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/file.h"

namespace seedbed::api {

inline constexpr size_t kChunkBytes = 256 << 10;

// One regular file, read from an offset on. Not thread-safe.
class FileChunks {
 public:
  // NOT_FOUND also for what is no regular file, symbolic links included; OUT_OF_RANGE for an offset beyond the end.
  static absl::StatusOr<FileChunks> Open(const std::filesystem::path& path, int64_t offset);

  // From the offset to the end, as of Open.
  int64_t remaining() const { return remaining_; }
  // The next piece, at most kChunkBytes; empty at the end. DATA_LOSS when the file has become shorter.
  absl::StatusOr<std::string> Next();

 private:
  FileChunks(UniqueFd fd, std::filesystem::path path, int64_t remaining)
      : fd_(std::move(fd)), path_(std::move(path)), remaining_(remaining) {}

  UniqueFd fd_;
  std::filesystem::path path_;
  int64_t remaining_;
};

// By the name's ending, such as "text/csv"; "application/octet-stream" for what is not known.
std::string_view MediaTypeOf(const std::filesystem::path& path);

}  // namespace seedbed::api
