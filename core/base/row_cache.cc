#include "core/base/row_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/base/row_segment.h"
#include "core/base/status_macros.h"

namespace seedbed {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxSegmentBytes = size_t{64} << 20;

struct DigestHash {
  size_t operator()(const Digest& digest) const {
    size_t hash;
    std::memcpy(&hash, digest.data(), sizeof(hash));
    return hash;
  }
};

// The distinct rows asked for, in the order in which they are first asked for.
struct Wanted {
  std::vector<Digest> digests;
  std::vector<size_t> indices;                               // of each digest: Request::index
  std::vector<size_t> slots;                                 // of each request: its digest's position
  std::unordered_map<Digest, size_t, DigestHash> positions;  // in `digests`
};

absl::StatusOr<Wanted> CollectWanted(std::span<const RowCache::Request> requests) {
  Wanted wanted;
  wanted.slots.reserve(requests.size());
  wanted.positions.reserve(requests.size());
  for (const RowCache::Request& request : requests) {
    SB_ASSIGN_OR_RETURN(const Digest digest, ParseDigest(request.sha256));
    const auto [it, is_new] = wanted.positions.try_emplace(digest, wanted.digests.size());
    if (is_new) {
      wanted.digests.push_back(digest);
      wanted.indices.push_back(request.index);
    }
    wanted.slots.push_back(it->second);
  }
  return wanted;
}

class MappedRows : public StoredRows {
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
      ++count_;
      used = true;
    }
    if (used) segments_.push_back(std::move(segment));
    return used;
  }

  size_t count() const { return count_; }

  std::vector<size_t> Missing() const {
    std::vector<size_t> missing;
    for (size_t position = 0; position < rows_.size(); ++position) {
      if (rows_[position].empty()) missing.push_back(position);
    }
    return missing;
  }

  // All rows must have been found.
  std::unique_ptr<StoredRows> Finish() && {
    std::vector<std::span<const uint8_t>> in_order;
    in_order.reserve(wanted_.slots.size());
    for (const size_t slot : wanted_.slots) in_order.push_back(rows_[slot]);
    return std::make_unique<MappedRows>(std::move(segments_), std::move(in_order));
  }

 private:
  const Wanted& wanted_;
  std::vector<std::span<const uint8_t>> rows_;
  size_t count_ = 0;  // of rows_ that are not empty
  std::vector<Segment> segments_;
};

// Below `folder`, however deep.
std::vector<fs::path> ListSegments(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
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

// Removes the segments of all kinds whose last use is longest ago until `new_bytes` more fit into `max_bytes`.
void Evict(const fs::path& cache_folder, const std::vector<fs::path>& in_use, uint64_t new_bytes, uint64_t max_bytes) {
  struct Candidate {
    fs::file_time_type last_use;
    fs::path path;
    uint64_t bytes;
  };
  std::vector<Candidate> candidates;
  uint64_t total = new_bytes;
  for (const fs::path& path : ListSegments(cache_folder)) {
    std::error_code gone;
    Candidate candidate{fs::last_write_time(path, gone), path, 0};
    if (!gone) candidate.bytes = fs::file_size(path, gone);
    if (gone) continue;
    total += candidate.bytes;
    if (!std::binary_search(in_use.begin(), in_use.end(), path)) candidates.push_back(std::move(candidate));
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return std::tie(a.last_use, a.path) < std::tie(b.last_use, b.path); });
  for (const Candidate& candidate : candidates) {
    if (total <= max_bytes) return;
    std::error_code ignored;
    fs::remove(candidate.path, ignored);
    total -= candidate.bytes;
  }
}

// For errors of storing.
absl::Status AddAdvice(const absl::Status& status, std::string_view what) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat(status.message(), "; ", ToAbsl(what), " are cached there: free some space or move the cache"));
}

// Puts the missing rows into segments. Whoever puts a segment's last row puts the segment on disk, while others go on with the next one.
class SegmentStream {
 public:
  SegmentStream(const Wanted& wanted, std::vector<size_t> missing, const RowCache::Kind& kind, fs::path folder,
                const RowCache::OnProgress& on_progress, const RowCache::OnKept& on_kept, FoundRows* found)
      : wanted_(wanted),
        missing_(std::move(missing)),
        kind_(kind),
        folder_(std::move(folder)),
        on_progress_(on_progress),
        on_kept_(on_kept),
        segment_rows_(std::clamp<size_t>(kMaxSegmentBytes / kind.row_bytes, 1, kind.segment_rows)),
        found_(found) {}

  absl::Status Put(size_t position, std::span<const uint8_t> row) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (absl::Status stored = Store(position, row); !stored.ok()) return AddAdvice(stored, kind_.what);
    const size_t done = done_.fetch_add(1) + 1;
    if (!on_progress_ || on_progress_(done, missing_.size())) return absl::OkStatus();
    return absl::CancelledError(absl::StrCat("making ", ToAbsl(kind_.what), " was stopped"));
  }

  size_t done() const { return done_; }

 private:
  struct OpenSegment {
    SegmentWriter writer;
    size_t missing_rows;
  };

  absl::Status Store(size_t position, std::span<const uint8_t> row) ABSL_LOCKS_EXCLUDED(mutex_) {
    const size_t number = position / segment_rows_;
    SB_ASSIGN_OR_RETURN(const std::shared_ptr<OpenSegment> segment, Open(number));
    SB_RETURN_IF_ERROR(segment->writer.WriteRow(position % segment_rows_, row));
    {
      MutexLock lock(&mutex_);
      if (--segment->missing_rows > 0) return absl::OkStatus();
      open_.erase(number);
    }
    SB_ASSIGN_OR_RETURN(Segment published, segment->writer.Publish());
    const size_t kept = Take(std::move(published));
    if (on_kept_) on_kept_(kept);
    return absl::OkStatus();
  }

  size_t Take(Segment published) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    found_->TakeFrom(std::move(published));
    return found_->count();
  }

  absl::StatusOr<std::shared_ptr<OpenSegment>> Open(size_t number) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (const auto it = open_.find(number); it != open_.end()) return it->second;
    const size_t begin = number * segment_rows_, end = std::min(missing_.size(), begin + segment_rows_);
    std::vector<Digest> digests;
    for (size_t position = begin; position < end; ++position) digests.push_back(wanted_.digests[missing_[position]]);
    SB_ASSIGN_OR_RETURN(SegmentWriter writer, SegmentWriter::Create(folder_, kind_.row_bytes, std::move(digests)));
    return open_.emplace(number, std::make_shared<OpenSegment>(OpenSegment{std::move(writer), end - begin})).first->second;
  }

  const Wanted& wanted_;
  const std::vector<size_t> missing_;  // positions in Wanted::digests
  const RowCache::Kind& kind_;
  const fs::path folder_;
  const RowCache::OnProgress& on_progress_;
  const RowCache::OnKept& on_kept_;
  const size_t segment_rows_;
  std::atomic<size_t> done_{0};
  Mutex mutex_;
  std::map<size_t, std::shared_ptr<OpenSegment>> open_ ABSL_GUARDED_BY(mutex_);  // by number
  FoundRows* const found_ ABSL_PT_GUARDED_BY(mutex_);
};

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

}  // namespace

absl::StatusOr<std::unique_ptr<StoredRows>> RowCache::Load(const Kind& kind, std::span<const Request> requests, const MakeRows& make,
                                                           const OnProgress& on_progress, const OnKept& on_kept) const {
  const fs::path folder = folder_ / kind.folder;
  SB_RETURN_IF_ERROR(AddAdvice(CreateDirectories(folder), kind.what));
  RemoveAbandonedSegments(folder);
  SB_ASSIGN_OR_RETURN(const Wanted wanted, CollectWanted(requests));
  FoundRows found(wanted);
  const std::vector<fs::path> used = TakeStored(folder, kind.row_bytes, &found);
  const std::vector<size_t> missing = found.Missing();
  if (max_bytes_ > 0) Evict(folder_, used, missing.size() * kind.row_bytes, max_bytes_);
  if (missing.empty()) return std::move(found).Finish();
  SegmentStream stream(wanted, missing, kind, folder, on_progress, on_kept, &found);
  std::vector<size_t> indices;
  indices.reserve(missing.size());
  for (const size_t position : missing) indices.push_back(wanted.indices[position]);
  SB_RETURN_IF_ERROR(make(indices, [&stream](size_t position, std::span<const uint8_t> row) { return stream.Put(position, row); }));
  if (stream.done() != missing.size()) {
    return absl::InternalError(absl::StrCat("of ", missing.size(), " missing ", ToAbsl(kind.what), ", ", stream.done(), " were made"));
  }
  return std::move(found).Finish();
}

RowCache::MakeRows RowCache::OneByOne(size_t row_bytes, ThreadPool* pool, MakeRow make) {
  return [row_bytes, pool, make = std::move(make)](std::span<const size_t> indices, const PutRow& put) {
    RowBuffers buffers(row_bytes);
    FirstFailure failure;
    pool->ParallelFor(indices.size(), [&](size_t position) {
      if (failure.Before(position)) return;
      std::vector<uint8_t> buffer = buffers.Take();
      absl::Status status = make(indices[position], buffer);
      if (status.ok()) status = put(position, buffer);
      buffers.Return(std::move(buffer));
      if (!status.ok()) failure.Record(position, std::move(status));
    });
    return failure.status();
  };
}

}  // namespace seedbed
