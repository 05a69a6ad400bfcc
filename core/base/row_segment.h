// The files of a row cache: immutable segments of equally long rows, each row keyed by the SHA-256 of what it was made from. For
// row_cache.h alone, which says what they are for.
//
// Layout, little-endian: magic "SBROWS01", row_bytes (u64), rows (u64), the SHA-256 of these and the index (64 hex digits), the index (32
// bytes a row), zeros up to a multiple of 4096, the rows. A segment is named after its index's SHA-256, so storing the same rows twice
// leaves one file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"

namespace seedbed {

using Digest = std::array<std::byte, 32>;

// INVALID_ARGUMENT unless 64 lower-case hex digits.
absl::StatusOr<Digest> ParseDigest(std::string_view hex);

// A published segment, mapped. Rows stay valid as long as it lives, even when the file is removed or replaced meanwhile.
class Segment {
 public:
  // DATA_LOSS when it is not a whole, undamaged segment of rows of `row_bytes`. The rows themselves are not read: they were on disk before
  // the segment got its name.
  static absl::StatusOr<Segment> Open(const std::filesystem::path& path, size_t row_bytes);

  std::span<const Digest> digests() const;
  std::span<const uint8_t> row(size_t i) const;

 private:
  Segment() = default;
  MappedFile file_;
  size_t row_bytes_ = 0;
  size_t rows_ = 0;
};

// Writes one segment under a temporary name, which is locked while its writer lives; it is removed unless published.
// WriteRow may be called on several threads at once, each with its own row.
class SegmentWriter {
 public:
  // Reserves the disk space: RESOURCE_EXHAUSTED when there is not enough.
  static absl::StatusOr<SegmentWriter> Create(const std::filesystem::path& folder, size_t row_bytes, std::vector<Digest> digests);
  ~SegmentWriter();
  SegmentWriter(SegmentWriter&& other) noexcept;
  SegmentWriter& operator=(SegmentWriter&&) = delete;

  absl::Status WriteRow(size_t i, std::span<const uint8_t> row) const;
  // After all rows: puts the segment on disk, gives it its name, and returns it mapped.
  absl::StatusOr<Segment> Publish();

 private:
  SegmentWriter(std::filesystem::path folder, size_t row_bytes, std::vector<Digest> digests);
  // Creates and locks the temporary file.
  absl::Status CreateTemporary();
  absl::Status WriteHeader() const;

  std::filesystem::path folder_;
  size_t row_bytes_;
  std::vector<Digest> digests_;
  std::filesystem::path temporary_;  // empty once published or moved from
  std::string name_;                 // once published
  UniqueFd fd_;
};

inline constexpr std::string_view kSegmentSuffix = ".rows";

// Removes the temporary files in `folder` whose writers are gone.
void RemoveAbandonedSegments(const std::filesystem::path& folder);

}  // namespace seedbed
