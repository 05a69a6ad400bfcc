#include "core/dataset/inspect.h"

#include <algorithm>
#include <atomic>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/dataset/source_file.h"
#include "core/image/codec.h"
#include "core/image/perceptual_hash.h"

namespace seedbed::dataset {
namespace fs = std::filesystem;
namespace {

// What one thread keeps from file to file, so that nothing is allocated for each.
struct Buffers {
  std::string file;
  image::Image picture;
};

// The row and its reason for rejection, empty when it is good.
struct Outcome {
  ManifestRow row;
  std::string rejected;
};

bool IsUpload(const Candidate& candidate) { return !candidate.sha256.empty(); }

class Inspector {
 public:
  Inspector(const Candidates& candidates, const InspectOptions& options)
      : candidates_(candidates), options_(options), outcomes_(candidates.files.size()) {}

  absl::StatusOr<Inspection> Run() {
    const size_t threads = std::max<size_t>(1, std::min(options_.threads, outcomes_.size()));
    // ParallelFor runs on the pool's threads and this one.
    ThreadPool pool(std::max<size_t>(1, threads - 1));
    pool.ParallelFor(threads, [this](size_t) { Work(); });
    SB_RETURN_IF_ERROR(TakeStatus());
    return Collect();
  }

 private:
  void Work() {
    Buffers buffers;
    for (size_t i = next_++; i < outcomes_.size() && !stopped_; i = next_++) {
      const absl::Status status = InspectOne(candidates_.files[i], &buffers, &outcomes_[i]);
      if (!status.ok()) return Stop(status);
      ReportOne();
    }
  }

  absl::Status InspectOne(const Candidate& candidate, Buffers* buffers, Outcome* outcome) const {
    if (!candidate.unusable.empty()) {
      outcome->rejected = candidate.unusable;
      return absl::OkStatus();
    }
    const fs::path file = IsUpload(candidate) ? ObjectPath(options_.objects, candidate.sha256) : options_.root / candidate.path;
    const absl::StatusOr<FileStamp> stamp = ReadStampedFile(file, image::ImageLimits().max_file_bytes, &buffers->file);
    if (stamp.status().code() == absl::StatusCode::kResourceExhausted) return stamp.status();
    if (!stamp.ok()) {
      outcome->rejected = std::string(stamp.status().message());
      return absl::OkStatus();
    }
    ManifestRow& row = outcome->row;
    row.path = candidate.path;
    row.label = candidate.label;
    row.sha256 = Sha256Hex(buffers->file);
    row.bytes = buffers->file.size();
    row.mtime_ns = IsUpload(candidate) ? 0 : stamp->mtime_ns;
    if (IsUpload(candidate) && row.sha256 != candidate.sha256) {
      return absl::DataLossError(
          absl::StrCat("the stored content of '", candidate.path, "' (", candidate.sha256, ") is damaged: remove it and upload it again"));
    }
    const absl::Status decoded = image::DecodeImage(std::as_bytes(std::span(buffers->file)), &buffers->picture);
    if (!decoded.ok()) {
      outcome->rejected = std::string(decoded.message());
      return absl::OkStatus();
    }
    row.width = buffers->picture.width;
    row.height = buffers->picture.height;
    row.perceptual_hash = image::PerceptualHash(buffers->picture);
    return absl::OkStatus();
  }

  void ReportOne() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (!options_.on_progress(++done_, outcomes_.size())) StopLocked(absl::CancelledError("cancelled while reading images"));
  }

  void Stop(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    StopLocked(status);
  }

  void StopLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (status_.ok()) status_ = status;
    stopped_ = true;
  }

  absl::Status TakeStatus() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return status_;
  }

  Inspection Collect() {
    Inspection inspection;
    for (size_t i = 0; i < outcomes_.size(); ++i) {
      if (outcomes_[i].rejected.empty()) {
        inspection.rows.push_back(std::move(outcomes_[i].row));
      } else {
        inspection.rejected.push_back({candidates_.files[i].path, std::move(outcomes_[i].rejected)});
      }
    }
    return inspection;
  }

  const Candidates& candidates_;
  const InspectOptions& options_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::vector<Outcome> outcomes_;  // each element belongs to the thread that drew its index
  Mutex mutex_;
  size_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

absl::Status CheckUploaded(const Candidates& candidates, const fs::path& objects) {
  size_t missing = 0;
  const Candidate* first = nullptr;
  for (const Candidate& candidate : candidates.files) {
    std::error_code ignored;
    if (!IsUpload(candidate) || fs::exists(ObjectPath(objects, candidate.sha256), ignored)) continue;
    if (missing++ == 0) first = &candidate;
  }
  if (missing == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(missing, " of ", candidates.files.size(),
                                                    " files of the listing were never uploaded, first '", first->path, "' (", first->sha256,
                                                    "): upload the dataset again"));
}

}  // namespace

absl::StatusOr<Inspection> InspectFiles(const Candidates& candidates, const InspectOptions& options) {
  SB_RETURN_IF_ERROR(CheckUploaded(candidates, options.objects));
  return Inspector(candidates, options).Run();
}

}  // namespace seedbed::dataset
