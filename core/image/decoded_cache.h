// Decoded, resized pictures on disk (core/base/row_cache.h): an image is decoded once, however often and by whomever it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/row_cache.h"
#include "core/base/thread_pool.h"
#include "core/image/preprocessing.h"

namespace seedbed::image {

// What decides the pixels of an image's row.
struct Geometry {
  int width = 0;
  int height = 0;
  Filter filter = Filter::kBilinear;
  std::string steps = "";  // that follow on resizing, as Preprocessing has them
  size_t row_bytes() const { return size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height); }
};

// Row i: HWC uint8, row_bytes() long.
using DecodedRows = StoredRows;

class DecodedCache {
 public:
  // Below `folder`, which other caches may share together with its bound, pictures lie in decoded/<geometry, digest of the steps, and
  // decode version>/.
  DecodedCache(std::filesystem::path folder, uint64_t max_bytes) : cache_(std::move(folder), max_bytes) {}

  using Request = RowCache::Request;  // the source file's SHA-256, and an index passed to `decode`
  using DecodeRow = RowCache::MakeRow;
  using OnProgress = RowCache::OnProgress;
  using OnKept = RowCache::OnKept;

  // Rows for `requests`, in their order; missing ones are decoded on `pool`. Failures as RowCache::Load and RowCache::OneByOne.
  absl::StatusOr<std::unique_ptr<DecodedRows>> Load(const Geometry& geometry, std::span<const Request> requests, ThreadPool* pool,
                                                    const DecodeRow& decode, const OnProgress& on_progress,
                                                    const OnKept& on_kept = nullptr) const;

 private:
  const RowCache cache_;
};

}  // namespace seedbed::image
