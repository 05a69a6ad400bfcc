#include "core/image/decoded_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/image/codec.h"
#include "core/image/segment.h"

namespace seedbed::image {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxSegmentRows = 256;
constexpr size_t kMaxSegmentBytes = size_t{64} << 20;

struct DigestHash {
  size_t operator()(const Digest& digest) const {
    size_t hash;
    std::memcpy(&hash, digest.data(), sizeof(hash));
    return hash;
  }
};

// The distinct pictures asked for, in the order in which they are first asked for.
struct Wanted {
  std::vector<Digest> digests;
  std::vector<size_t> decode_index;                          // of each digest: the index to decode it by
  std::vector<size_t> slots;                                 // of each request: its digest's position
  std::unordered_map<Digest, size_t, DigestHash> positions;  // in `digests`
};

absl::StatusOr<Wanted> CollectWanted(std::span<const DecodedCache::Request> requests) {
  Wanted wanted;
  wanted.slots.reserve(requests.size());
  wanted.positions.reserve(requests.size());
  for (const DecodedCache::Request& request : requests) {
    SB_ASSIGN_OR_RETURN(const Digest digest, ParseDigest(request.sha256));
    const auto [it, is_new] = wanted.positions.try_emplace(digest, wanted.digests.size());
    if (is_new) {
      wanted.digests.push_back(digest);
      wanted.decode_index.push_back(request.index);
    }
    wanted.slots.push_back(it->second);
  }
  return wanted;
}

class MappedRows : public DecodedRows {
 public:
  MappedRows(std::vector<Segment> segments, std::vector<std::span<const uint8_t>> rows)
      : segments_(std::move(segments)), rows_(std::move(rows)) {}
  size_t size() const override { return rows_.size(); }
  std::span<const uint8_t> row(size_t i) const override { return rows_[i]; }

 private:
  const std::vector<Segment> segments_;  // keeps the rows mapped
  const std::vector<std::span<const uint8_t>> rows_;
};

// The rows found so far, by position in Wanted::digests.
class FoundRows {
 public:
  explicit FoundRows(const Wanted& wanted) : wanted_(wanted), rows_(wanted.digests.size()) {}

  // Takes what is wanted and still missing; keeps the segment only when there was such a row.
  bool TakeFrom(Segment segment) {
    bool used = false;
    for (size_t i = 0; i < segment.digests().size(); ++i) {
      const auto it = wanted_.positions.find(segment.digests()[i]);
      if (it == wanted_.positions.end() || !rows_[it->second].empty()) continue;
      rows_[it->second] = segment.row(i);
      used = true;
    }
    if (used) segments_.push_back(std::move(segment));
    return used;
  }

  std::vector<size_t> Missing() const {
    std::vector<size_t> missing;
    for (size_t position = 0; position < rows_.size(); ++position) {
      if (rows_[position].empty()) missing.push_back(position);
    }
    return missing;
  }

  // All rows must have been found.
  std::unique_ptr<DecodedRows> Finish() && {
    std::vector<std::span<const uint8_t>> in_order;
    in_order.reserve(wanted_.slots.size());
    for (const size_t slot : wanted_.slots) in_order.push_back(rows_[slot]);
    return std::make_unique<MappedRows>(std::move(segments_), std::move(in_order));
  }

 private:
  const Wanted& wanted_;
  std::vector<std::span<const uint8_t>> rows_;
  std::vector<Segment> segments_;
};

std::vector<fs::path> ListSegments(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == fs::path(kSegmentSuffix)) paths.push_back(it->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Returns the segments that are used. One that cannot be opened is as good as absent; a damaged one is removed.
std::vector<fs::path> TakeStored(const fs::path& folder, size_t row_bytes, FoundRows* found) {
  std::vector<fs::path> used;
  for (const fs::path& path : ListSegments(folder)) {
    absl::StatusOr<Segment> segment = Segment::Open(path, row_bytes);
    if (absl::IsDataLoss(segment.status())) {
      std::error_code ignored;
      fs::remove(path, ignored);
    }
    if (!segment.ok() || !found->TakeFrom(*std::move(segment))) continue;
    ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);  // eviction goes by the time of last use
    used.push_back(path);
  }
  return used;
}

// Removes the segments in all geometries whose last use is longest ago until `new_bytes` more fit into `max_bytes`.
void Evict(const fs::path& cache_folder, const std::vector<fs::path>& in_use, uint64_t new_bytes, uint64_t max_bytes) {
  struct Candidate {
    fs::file_time_type last_use;
    fs::path path;
    uint64_t bytes;
  };
  std::vector<Candidate> candidates;
  uint64_t total = new_bytes;
  std::error_code error;
  for (fs::directory_iterator folder(cache_folder, error), end; !error && folder != end; folder.increment(error)) {
    for (const fs::path& path : ListSegments(folder->path())) {
      std::error_code gone;
      Candidate candidate{fs::last_write_time(path, gone), path, 0};
      if (!gone) candidate.bytes = fs::file_size(path, gone);
      if (gone) continue;
      total += candidate.bytes;
      if (std::find(in_use.begin(), in_use.end(), path) == in_use.end()) candidates.push_back(std::move(candidate));
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return std::tie(a.last_use, a.path) < std::tie(b.last_use, b.path); });
  for (const Candidate& candidate : candidates) {
    if (total <= max_bytes) return;
    fs::remove(candidate.path, error);
    total -= candidate.bytes;
  }
}

// Row-sized scratch memory for as many threads as come.
class RowBuffers {
 public:
  explicit RowBuffers(size_t row_bytes) : row_bytes_(row_bytes) {}
  std::vector<uint8_t> Take() ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      MutexLock lock(&mutex_);
      if (!free_.empty()) {
        std::vector<uint8_t> buffer = std::move(free_.back());
        free_.pop_back();
        return buffer;
      }
    }
    return std::vector<uint8_t>(row_bytes_);
  }
  void Return(std::vector<uint8_t> buffer) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  const size_t row_bytes_;
  Mutex mutex_;
  std::vector<std::vector<uint8_t>> free_ ABSL_GUARDED_BY(mutex_);
};

// The failure of the earliest row. Rows are started in order, and one is skipped only when an earlier one has failed, so which failure is
// told does not depend on the threads.
class FirstFailure {
 public:
  bool Before(size_t row) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return row_ < row;
  }
  void Record(size_t row, absl::Status status) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (row >= row_) return;
    row_ = row;
    status_ = std::move(status);
  }
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return status_;
  }

 private:
  mutable Mutex mutex_;
  size_t row_ ABSL_GUARDED_BY(mutex_) = std::numeric_limits<size_t>::max();
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

// For errors of storing.
absl::Status AddAdvice(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat(status.message(), "; decoded images are cached there: free some space or move the cache"));
}

// Decodes what is missing and stores it, segment by segment. While the threads decode one segment, one of them puts the one before on disk.
class MissingRows {
 public:
  MissingRows(const Wanted& wanted, size_t row_bytes, fs::path folder, const DecodedCache::DecodeRow& decode,
              const DecodedCache::OnProgress& on_progress)
      : wanted_(wanted),
        row_bytes_(row_bytes),
        folder_(std::move(folder)),
        decode_(decode),
        on_progress_(on_progress),
        buffers_(row_bytes) {}

  absl::Status DecodeAll(std::span<const size_t> missing, ThreadPool* pool, FoundRows* found) {
    total_ = missing.size();
    const size_t segment_rows = std::clamp<size_t>(kMaxSegmentBytes / row_bytes_, 1, kMaxSegmentRows);
    std::optional<SegmentWriter> written;
    for (size_t begin = 0; begin < missing.size(); begin += segment_rows) {
      const std::span<const size_t> rows = missing.subspan(begin, std::min(segment_rows, missing.size() - begin));
      absl::StatusOr<SegmentWriter> created = SegmentWriter::Create(folder_, row_bytes_, DigestsOf(rows));
      if (!created.ok()) return AddAdvice(created.status());
      SegmentWriter& writer = *created;
      absl::Status published;
      pool->ParallelFor(rows.size() + 1, [&](size_t i) {
        if (i > 0) {
          DecodeOne(rows[i - 1], i - 1, writer);
        } else if (written) {
          published = Publish(&*written, found);
        }
      });
      SB_RETURN_IF_ERROR(published);
      SB_RETURN_IF_ERROR(failure_.status());
      written.reset();
      written.emplace(std::move(writer));
    }
    return written ? Publish(&*written, found) : absl::OkStatus();
  }

 private:
  static absl::Status Publish(SegmentWriter* writer, FoundRows* found) {
    absl::StatusOr<Segment> segment = writer->Publish();
    if (!segment.ok()) return AddAdvice(segment.status());
    found->TakeFrom(*std::move(segment));
    return absl::OkStatus();
  }

  std::vector<Digest> DigestsOf(std::span<const size_t> positions) const {
    std::vector<Digest> digests;
    for (const size_t position : positions) digests.push_back(wanted_.digests[position]);
    return digests;
  }

  void DecodeOne(size_t position, size_t row, const SegmentWriter& writer) {
    if (failure_.Before(position)) return;
    std::vector<uint8_t> buffer = buffers_.Take();
    absl::Status status = decode_(wanted_.decode_index[position], buffer);
    if (status.ok()) status = AddAdvice(writer.WriteRow(row, buffer));
    buffers_.Return(std::move(buffer));
    if (!status.ok()) return failure_.Record(position, std::move(status));
    const size_t done = done_.fetch_add(1) + 1;
    if (on_progress_ && !on_progress_(done, total_)) failure_.Record(position, absl::CancelledError("decoding was stopped"));
  }

  const Wanted& wanted_;
  const size_t row_bytes_;
  const fs::path folder_;
  const DecodedCache::DecodeRow& decode_;
  const DecodedCache::OnProgress& on_progress_;
  size_t total_ = 0;
  RowBuffers buffers_;
  FirstFailure failure_;
  std::atomic<size_t> done_{0};
};

}  // namespace

absl::StatusOr<std::unique_ptr<DecodedRows>> DecodedCache::Load(const Geometry& geometry, std::span<const Request> requests,
                                                                ThreadPool* pool, const DecodeRow& decode, const OnProgress& on_progress) {
  if (geometry.width < 1 || geometry.height < 1) return absl::InvalidArgumentError("the size of decoded images must be at least 1 x 1");
  const fs::path folder =
      folder_ / absl::StrCat(geometry.width, "x", geometry.height, "-", ToAbsl(FilterName(geometry.filter)), "-v", kDecodeVersion);
  SB_RETURN_IF_ERROR(AddAdvice(CreateDirectories(folder)));
  RemoveAbandonedSegments(folder);
  SB_ASSIGN_OR_RETURN(const Wanted wanted, CollectWanted(requests));
  FoundRows found(wanted);
  const std::vector<fs::path> used = TakeStored(folder, geometry.row_bytes(), &found);
  const std::vector<size_t> missing = found.Missing();
  if (max_bytes_ > 0) Evict(folder_, used, missing.size() * geometry.row_bytes(), max_bytes_);
  MissingRows rows(wanted, geometry.row_bytes(), folder, decode, on_progress);
  SB_RETURN_IF_ERROR(rows.DecodeAll(missing, pool, &found));
  return std::move(found).Finish();
}

}  // namespace seedbed::image
