// Decoded, resized pictures on disk, memory-mapped: an image is decoded once, however often and by whomever it is used.
//
// A cache folder holds one folder per geometry (size, filter, decode version), and that holds immutable segments: a header (magic, row
// bytes, count), the SHA-256 of each row's source file, then the rows, page aligned. A segment appears by rename only, once it is on disk,
// so readers and writers in several processes need no lock; what two of them decode at the same time is stored twice, which is harmless.
// Damaged segments, and what writers that died left behind, are removed. Everything may be deleted at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"
#include "core/image/preprocessing.h"

namespace seedbed::image {

struct Geometry {
  int width = 0;
  int height = 0;
  Filter filter = Filter::kBilinear;
  size_t row_bytes() const { return size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height); }
};

// Read access to rows that stay mapped as long as this object lives.
class DecodedRows {
 public:
  virtual ~DecodedRows() = default;
  virtual size_t size() const = 0;
  // Row i: HWC uint8, row_bytes() long.
  virtual std::span<const uint8_t> row(size_t i) const = 0;
};

class DecodedCache {
 public:
  // `max_bytes`: beyond it, the segments of all geometries whose last use is longest ago are removed, but never those that the Load at hand
  // needs, even when they alone exceed it. 0: no bound.
  DecodedCache(std::filesystem::path folder, uint64_t max_bytes) : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  struct Request {
    std::string_view sha256;  // of the source file; equal digests share a row
    size_t index = 0;         // passed to `decode`
  };
  // Writes the picture's row into `target`. Called on several threads at once.
  using DecodeRow = std::function<absl::Status(size_t index, std::span<uint8_t> target)>;
  // After each decoded row, on any thread; done and total count the rows that were missing. Returns false to stop (CANCELLED).
  using OnProgress = std::function<bool(size_t done, size_t total)>;

  // Rows for `requests`, in their order; missing ones are decoded on `pool`, each digest once, and stored, a segment (at most 256 rows or
  // 64 MiB) at a time, so that little is lost when the process dies. The first failing row's status ends it: the first in the order of
  // `requests`, whatever the number of threads. RESOURCE_EXHAUSTED when the disk is full; INVALID_ARGUMENT for what is no digest.
  absl::StatusOr<std::unique_ptr<DecodedRows>> Load(const Geometry& geometry, std::span<const Request> requests, ThreadPool* pool,
                                                    const DecodeRow& decode, const OnProgress& on_progress);

 private:
  const std::filesystem::path folder_;
  const uint64_t max_bytes_;
};

}  // namespace seedbed::image
