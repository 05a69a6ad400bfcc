#include "server/jobs/publication.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "server/jobs/job_names.h"

namespace seedbed::jobs {
namespace {
namespace fs = std::filesystem;

constexpr char kOutput[] = "output";
constexpr char kArtifacts[] = "artifacts";
constexpr char kSplitFile[] = "split.tsv";

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

bool IsEmpty(const fs::path& folder) {
  std::error_code error;
  return fs::is_empty(folder, error) && !error;
}

// Makes the folder that `path` is going to lie in, durably.
absl::Status PrepareParent(const fs::path& path) {
  const fs::path parent = path.parent_path();
  SB_RETURN_IF_ERROR(CreateDirectories(parent));
  return SyncPath(parent.parent_path());
}

absl::Status PublishFolder(const fs::path& from, const fs::path& to) {
  SB_RETURN_IF_ERROR(PrepareParent(to));
  SB_RETURN_IF_ERROR(RemoveAll(to));
  return PublishDirectory(from, to);
}

// Takes the place of an older file in one step.
absl::Status PublishOneFile(const fs::path& from, const fs::path& to) {
  SB_RETURN_IF_ERROR(PrepareParent(to));
  SB_RETURN_IF_ERROR(SyncPath(from));
  if (std::rename(from.c_str(), to.c_str()) != 0) return ErrnoStatus(errno, "rename to", to);
  return SyncPath(to.parent_path());
}

struct Move {
  fs::path from;
  fs::path to;
  bool folder = true;
};

Move OutputMove(const store::DataLayout& layout, const store::JobRow& job) {
  const fs::path output = layout.staging(JobId(job), job.epoch) / kOutput;
  const int version = job.inputs.output_version();
  if (job.spec.has_index()) return {output, layout.dataset(job.spec.index().dataset(), version)};
  if (job.spec.has_clean()) return {output, layout.dataset(job.spec.clean().output(), version)};
  if (job.spec.has_train()) return {output, layout.model(job.spec.train().model(), version)};
  if (job.spec.has_import_model()) return {output, layout.model(job.spec.import_model().model(), version)};
  if (job.spec.has_edit_model()) return {output, layout.model(job.spec.edit_model().output(), version)};
  if (job.spec.has_extract()) return {output, layout.features(job.spec.extract().features())};
  return {output / kSplitFile, layout.split(job.spec.split().dataset(), job.spec.split().name()), false};
}

// Calls `visit` with each entry of the folder; entries that vanish meanwhile do not matter.
template <typename Visit>
void ForEachEntry(const fs::path& folder, Visit visit) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) visit(it->path());
}

}  // namespace

absl::Status PrepareAttempt(const store::DataLayout& layout, const store::JobRow& job) {
  const fs::path staging = layout.staging(JobId(job), job.epoch);
  SB_RETURN_IF_ERROR(RemoveAll(staging));
  SB_RETURN_IF_ERROR(CreateDirectories(staging / kOutput));
  SB_RETURN_IF_ERROR(CreateDirectories(staging / kArtifacts));
  return CreateDirectories(layout.checkpoints(JobId(job)));
}

absl::Status PublishOutput(const store::DataLayout& layout, const store::JobRow& job) {
  if (job.makes.empty()) return absl::OkStatus();
  const Move move = OutputMove(layout, job);
  if (!Exists(move.from) || (move.folder && IsEmpty(move.from))) {
    if (Exists(move.to)) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("the worker left nothing in ", move.from.string()));
  }
  return move.folder ? PublishFolder(move.from, move.to) : PublishOneFile(move.from, move.to);
}

absl::Status PublishArtifacts(const store::DataLayout& layout, const store::JobRow& job) {
  const fs::path from = layout.staging(JobId(job), job.epoch) / kArtifacts;
  if (!Exists(from) || IsEmpty(from)) return absl::OkStatus();
  return PublishFolder(from, layout.artifacts(JobId(job)));
}

void DiscardOutput(const store::DataLayout& layout, const store::JobRow& job) {
  if (!job.makes.empty()) RemoveAll(OutputMove(layout, job).to).IgnoreError();
}

// What cannot be removed now is an orphan, and swept at the next start.
void ForgetAttempt(const store::DataLayout& layout, const std::string& job_id, int64_t epoch) {
  RemoveAll(layout.staging(job_id, epoch)).IgnoreError();
}

void ForgetJob(const store::DataLayout& layout, const std::string& job_id) {
  RemoveAll(layout.staging(job_id)).IgnoreError();
  RemoveAll(layout.checkpoints(job_id)).IgnoreError();
}

void SweepOrphans(const store::DataLayout& layout, const std::map<std::string, int64_t>& unfinished) {
  const auto is_needed = [&](const fs::path& folder) { return unfinished.contains(folder.filename().string()); };
  ForEachEntry(layout.checkpoints(), [&](const fs::path& folder) {
    if (!is_needed(folder)) RemoveAll(folder).IgnoreError();
  });
  ForEachEntry(layout.staging(), [&](const fs::path& folder) {
    if (!is_needed(folder)) {
      RemoveAll(folder).IgnoreError();
      return;
    }
    const std::string current = std::to_string(unfinished.at(folder.filename().string()));
    ForEachEntry(folder, [&](const fs::path& attempt) {
      if (attempt.filename() != current) RemoveAll(attempt).IgnoreError();
    });
  });
}

}  // namespace seedbed::jobs
