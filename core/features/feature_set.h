// Features as a result of their own: a Zarr v2 group (core/features/zarr.h) that any program may read, with all that is needed to train on
// it: two arrays, features (images, then one image's shape) and labels (images), and in .zattrs what feature_set_info.h says.
//
// features/.zattrs has "dtype" (NumPy has no bfloat16: it is stored as uint16) and "chunk_sha256", the digests of the chunk files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/features/feature_cache.h"
#include "core/features/feature_set_info.h"
#include "core/features/zarr.h"

namespace seedbed::features {

// Writes a set chunk by chunk, each in its place only once it is on disk; rename or publish the folder after Finish.
class FeatureSetWriter {
 public:
  // When `folder` already holds a part of the very same set, it goes on after the whole chunks that are there; anything else in it is
  // removed. INVALID_ARGUMENT when fields contradict each other or a name is not UTF-8.
  static absl::StatusOr<FeatureSetWriter> Open(const std::filesystem::path& folder, const FeatureSetInfo& info,
                                               const Compression& compression = {});

  size_t rows_written() const { return rows_written_; }
  // Rows from rows_written() on, [row][values], any number. INVALID_ARGUMENT for values that are not finite, or not as float16.
  absl::Status Append(std::span<const float> rows);
  // After all rows.
  absl::Status Finish();

 private:
  FeatureSetWriter(FeatureSetInfo info, ZarrArrayWriter features);
  // Goes on after the whole chunks in `folder`.
  absl::Status TakeStoredChunks(const std::filesystem::path& folder);
  absl::Status CheckRow(std::span<const float> row) const;
  absl::Status WriteChunk();

  FeatureSetInfo info_;
  ZarrArrayWriter features_;
  size_t rows_written_ = 0;
  std::vector<std::byte> chunk_;  // rows as stored, of the chunk to come
  std::vector<std::string> chunk_sha256_;
};

// Immutable; thread-safe.
class FeatureSet {
 public:
  // NOT_FOUND when there is none; DATA_LOSS naming the file when something is damaged or does not fit. Chunks are not read yet.
  static absl::StatusOr<FeatureSet> Open(const std::filesystem::path& folder);

  const FeatureSetInfo& info() const { return info_; }
  size_t size() const { return info_.labels.size(); }

  // Rows first to first + count as floats. DATA_LOSS naming the chunk that is damaged.
  absl::Status ReadRows(size_t first, size_t count, std::span<float> rows) const;
  // All rows, decoded into a nameless file in `scratch_folder` and mapped: memory stays free for others. `go_on` is asked before each
  // chunk; CANCELLED when it says false.
  absl::StatusOr<FeatureRows> Map(const std::filesystem::path& scratch_folder, const std::function<bool()>& go_on) const;
  size_t chunk_rows() const { return static_cast<size_t>(features_.array().chunk_rows); }

 private:
  FeatureSet(FeatureSetInfo info, ZarrArrayReader features, std::vector<std::string> chunk_sha256);
  absl::Status WriteFloats(int fd, const std::filesystem::path& path, const std::function<bool()>& go_on) const;

  FeatureSetInfo info_;
  ZarrArrayReader features_;
  std::vector<std::string> chunk_sha256_;  // empty: written by another program
};

}  // namespace seedbed::features
