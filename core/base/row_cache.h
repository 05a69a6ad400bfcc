// Rows of equal length on disk, memory-mapped: each is made once, however often and by whomever it is used.
//
// A cache folder holds one folder per kind of rows, and that holds immutable segments: a header (magic, row bytes, count), the SHA-256 of
// what each row was made from, then the rows, page aligned. A segment appears by rename only, once it is on disk, so readers and writers in
// several processes need no lock; what two of them make at the same time is stored twice, which is harmless. Damaged segments, and what
// writers that died left behind, are removed. Everything may be deleted at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"

namespace seedbed {

// Read access to rows that stay mapped as long as this object lives.
class StoredRows {
 public:
  virtual ~StoredRows() = default;
  virtual size_t size() const = 0;
  virtual std::span<const uint8_t> row(size_t i) const = 0;
};

class RowCache {
 public:
  // `max_bytes`: beyond it, the segments of all kinds below `folder` whose last use is longest ago are removed, but never those that the
  // Load at hand needs, even when they alone exceed it. 0: no bound.
  RowCache(std::filesystem::path folder, uint64_t max_bytes) : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  // What rows have in common. Rows of one kind never answer a request for another.
  struct Kind {
    std::filesystem::path folder;  // below the cache's
    size_t row_bytes = 0;
    size_t segment_rows = 256;  // a segment has at most so many rows, and at most 64 MiB
    std::string_view what;      // "decoded images", for messages
  };
  struct Request {
    std::string_view sha256;  // of what the row is made from; equal digests share a row
    size_t index = 0;         // for whoever makes the row
  };
  // Stores the row of the missing request at `position`. Thread-safe. A failure must end the making: CANCELLED when `on_progress` says so,
  // RESOURCE_EXHAUSTED when the disk is full.
  using PutRow = std::function<absl::Status(size_t position, std::span<const uint8_t> row)>;
  // Makes the rows of the missing requests, whose indices are given in the order of the requests, each digest once; puts every one of them,
  // best in that order: what is put is kept once a whole segment of neighbours has been put, even when the process dies after that.
  using MakeRows = std::function<absl::Status(std::span<const size_t> indices, const PutRow& put)>;
  // Writes one row into `target`. Called on several threads at once.
  using MakeRow = std::function<absl::Status(size_t index, std::span<uint8_t> target)>;
  // After each row that was put, on any thread; done and total count the rows that were missing. Returns false to stop (CANCELLED).
  using OnProgress = std::function<bool(size_t done, size_t total)>;
  // After each segment that is on disk, on any thread: how many of the wanted rows, each digest once, will be there after a crash; those
  // from before included.
  using OnKept = std::function<void(size_t kept)>;

  // Rows for `requests`, in their order; the missing ones are made by `make`, which is not called when there are none, and stored.
  // INVALID_ARGUMENT for what is no digest; else what `make` returned.
  absl::StatusOr<std::unique_ptr<StoredRows>> Load(const Kind& kind, std::span<const Request> requests, const MakeRows& make,
                                                   const OnProgress& on_progress, const OnKept& on_kept = nullptr) const;

  // Makes row by row on `pool` and the calling thread, started in order. Of several failures, the first in the order of the rows is
  // returned, whatever the number of threads.
  static MakeRows OneByOne(size_t row_bytes, ThreadPool* pool, MakeRow make);

 private:
  const std::filesystem::path folder_;
  const uint64_t max_bytes_;
};

}  // namespace seedbed
