// Zarr v2 groups and arrays in folders, as zarr-python 2 and 3 read and write them (zarr-specs, v2.0): chunks of whole rows, C order,
// packed by c-blosc or not at all, without filters. Files: .zgroup, .zattrs, <array>/.zarray, <array>/.zattrs, <array>/<chunk>.0.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace seedbed::features {

// As in "compressor" of .zarray; readers go by what the chunks themselves say.
struct Compression {
  std::string codec = "lz4";  // "lz4", "zstd" ...; empty: none
  int level = 5;              // 0 to 9
  bool shuffle = true;        // bytes of equal weight side by side
};

struct ZarrArray {
  std::vector<int64_t> shape;  // the first is the number of rows; all are at least 1
  int64_t chunk_rows = 1;      // the last chunk may reach beyond the shape: its file is as long as any other's, padded with zeros
  std::string dtype = "<f4";   // NumPy's typestr: little-endian numbers
  Compression compression;

  size_t item_bytes() const;
  size_t row_bytes() const;
  size_t chunk_bytes() const { return static_cast<size_t>(chunk_rows) * row_bytes(); }
  size_t chunks() const { return static_cast<size_t>((shape[0] + chunk_rows - 1) / chunk_rows); }
};

// Writes .zgroup and .zattrs; the folder is made where it is missing. All files are published atomically.
absl::Status WriteZarrGroup(const std::filesystem::path& folder, const nlohmann::json& attributes);
// The attributes of a group or an array; {} where there are none. DATA_LOSS naming the file for what is no JSON object.
absl::StatusOr<nlohmann::json> ReadZarrAttributes(const std::filesystem::path& folder);
// NOT_FOUND or DATA_LOSS naming the file, unless the folder is a Zarr v2 group.
absl::Status CheckZarrGroup(const std::filesystem::path& folder);

class ZarrArrayWriter {
 public:
  // An array with the very same .zarray, and its chunks, are kept; anything else in the folder is removed, and what a writer that died
  // left unfinished. One writer at a time. INVALID_ARGUMENT for what cannot be stored.
  static absl::StatusOr<ZarrArrayWriter> Open(const std::filesystem::path& folder, const ZarrArray& array);

  const ZarrArray& array() const { return array_; }
  // `values` are chunk_bytes() long. Returns the SHA-256 of the chunk's file.
  absl::StatusOr<std::string> WriteChunk(size_t number, std::span<const std::byte> values) const;
  absl::Status WriteAttributes(const nlohmann::json& attributes) const;

 private:
  ZarrArrayWriter(std::filesystem::path folder, ZarrArray array);
  std::filesystem::path folder_;
  ZarrArray array_;
};

class ZarrArrayReader {
 public:
  // DATA_LOSS naming the file when it is not an array of this kind (UNIMPLEMENTED when it is one of another kind).
  static absl::StatusOr<ZarrArrayReader> Open(const std::filesystem::path& folder);

  const ZarrArray& array() const { return array_; }
  std::filesystem::path ChunkPath(size_t number) const;
  // `values` are chunk_bytes() long. DATA_LOSS naming the chunk's file when it is damaged, or missing though the array has no fill value;
  // also when `sha256` is given and not that of the file.
  absl::Status ReadChunk(size_t number, std::string_view sha256, std::span<std::byte> values) const;

 private:
  ZarrArrayReader(std::filesystem::path folder, ZarrArray array, std::vector<std::byte> fill, std::string separator);
  // What a chunk without a file is.
  absl::Status Fill(const std::filesystem::path& file, std::span<std::byte> values) const;

  std::filesystem::path folder_;
  ZarrArray array_;
  std::vector<std::byte> fill_;  // one item; empty: there is none
  std::string separator_;
};

}  // namespace seedbed::features
