#include "core/tasks/data/clean.h"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/augment/pipeline.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/dataset/class_layout.h"
#include "core/dataset/manifest.h"
#include "core/dataset/source_file.h"
#include "core/dataset/tsv.h"
#include "core/image/codec.h"
#include "core/image/png_writer.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {
namespace fs = std::filesystem;

constexpr char kSuffix[] = ".png";

// A picture's path with the suffix of what is made of it.
std::string PngPath(const std::string& path) {
  const std::string suffix = fs::path(path).extension().string();
  if (absl::EqualsIgnoreCase(suffix, kSuffix)) return path;
  return absl::StrCat(path.substr(0, path.size() - suffix.size()), kSuffix);
}

// One path for each row, all different: where two pictures had but their suffixes apart, the later one gets a number.
std::vector<std::string> PngPaths(const std::vector<dataset::ManifestRow>& rows) {
  std::vector<std::string> paths;
  std::set<std::string> taken;
  for (const dataset::ManifestRow& row : rows) {
    if (PngPath(row.path) == row.path) taken.insert(row.path);
  }
  for (const dataset::ManifestRow& row : rows) {
    std::string path = PngPath(row.path);
    const std::string stem = path.substr(0, path.size() - sizeof(kSuffix) + 1);
    for (int number = 2; path != row.path && !taken.insert(path).second; ++number) path = absl::StrCat(stem, "-", number, kSuffix);
    paths.push_back(std::move(path));
  }
  return paths;
}

// What was made of which content, line by line: "<sha256> TAB <sha256>". Lines are appended as they come, so that a process may die at any
// time; a last line that is not whole does not count. Thread-safe.
class Journal {
 public:
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const fs::path& file, const fs::path& objects) {
    auto journal = std::make_unique<Journal>(file);
    const absl::StatusOr<std::string> text = ReadFile(file);
    if (text.ok()) journal->Read(*text, objects);
    journal->fd_ = UniqueFd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!journal->fd_.valid()) return ErrnoStatus(errno, "open", file);
    // Begins a new line where the last one may be cut off.
    SB_RETURN_IF_ERROR(WriteAll(journal->fd_.get(), std::as_bytes(std::span("\n", 1)), file));
    return journal;
  }
  explicit Journal(fs::path file) : file_(std::move(file)) {}

  // Of an earlier attempt; null when there is none.
  const std::string* Find(const std::string& source) const {
    const auto found = made_.find(source);
    return found == made_.end() ? nullptr : &found->second;
  }

  absl::Status Add(const std::string& source, const std::string& made) {
    const std::string line = absl::StrCat(source, "\t", made, "\n");
    return WriteAll(fd_.get(), std::as_bytes(std::span(line)), file_);  // one write: lines of threads do not mix
  }

 private:
  void Read(std::string_view text, const fs::path& objects) {
    for (const std::string_view line : dataset::SplitLines(text)) {
      const std::vector<std::string_view> fields = dataset::SplitAt(line, '\t');
      if (fields.size() != 2 || !IsSha256Hex(fields[0]) || !IsSha256Hex(fields[1])) continue;
      std::error_code ignored;
      if (fs::exists(dataset::ObjectPath(objects, fields[1]), ignored)) made_.emplace(fields[0], fields[1]);
    }
  }

  const fs::path file_;
  UniqueFd fd_;
  std::map<std::string, std::string> made_;  // constant after Open
};

// What one thread keeps from picture to picture.
struct Buffers {
  image::Image picture;
  augment::Scratch scratch;
};

class Cleaner {
 public:
  Cleaner(const dataset::Manifest& manifest, const augment::Pipeline& pipeline, Journal* journal, TaskContext& context)
      : manifest_(manifest), pipeline_(pipeline), journal_(*journal), context_(context), progress_("clean", context) {
    const std::vector<std::string> paths = PngPaths(manifest.rows);
    for (size_t i = 0; i < paths.size(); ++i) {
      files_.push_back({.path = paths[i], .label = manifest.rows[i].label, .sha256 = {}, .unusable = {}});
    }
  }

  // A file for each row, in the rows' order.
  absl::StatusOr<std::vector<dataset::Candidate>> Run() {
    const auto threads = static_cast<size_t>(std::max(1, context_.profile().threads));
    ThreadPool pool(std::max<size_t>(1, threads - 1));  // the calling thread works too
    pool.ParallelFor(threads, [this](size_t) { Work(); });
    MutexLock lock(&mutex_);
    SB_RETURN_IF_ERROR(status_);
    for (const fs::path& folder : folders_) SB_RETURN_IF_ERROR(SyncPath(folder));
    return std::move(files_);
  }

  int64_t kept() const { return kept_; }

 private:
  void Work() {
    Buffers buffers;
    for (size_t i = next_++; i < files_.size() && !stopped_; i = next_++) {
      Note(CleanOne(i, &buffers));
    }
  }

  absl::Status CleanOne(size_t i, Buffers* buffers) {
    const dataset::ManifestRow& row = manifest_.rows[i];
    if (const std::string* made = journal_.Find(row.sha256)) {
      files_[i].sha256 = *made;
      ++kept_;
      return absl::OkStatus();
    }
    SB_ASSIGN_OR_RETURN(const std::string content, dataset::ReadImageFile(manifest_, row, context_.paths().objects_dir));
    image::Image& picture = buffers->picture;
    const absl::Status decoded = image::DecodeImage(std::as_bytes(std::span(content)), &picture);
    if (!decoded.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("image '", row.path, "' can no longer be decoded: ", decoded.message(), "; index the dataset again"));
    }
    const absl::Status size = pipeline_.CheckSize(picture.width, picture.height);
    if (!size.ok()) {
      files_[i].unusable = std::string(size.message());
      return absl::OkStatus();
    }
    pipeline_.Apply({}, {.width = picture.width, .height = picture.height, .rgb = picture.rgb}, &buffers->scratch);
    SB_ASSIGN_OR_RETURN(const std::string png, image::EncodePng(image::AsPngPicture(picture)));
    files_[i].sha256 = Sha256Hex(png);
    SB_RETURN_IF_ERROR(Store(i, png));
    return journal_.Add(row.sha256, files_[i].sha256);
  }

  // The file is written elsewhere, so that what is in the object store is always whole; the folders are synced at the end.
  absl::Status Store(size_t i, const std::string& png) ABSL_LOCKS_EXCLUDED(mutex_) {
    const fs::path target = dataset::ObjectPath(context_.paths().objects_dir, files_[i].sha256);
    std::error_code error;
    if (fs::exists(target, error)) return absl::OkStatus();
    const fs::path written = context_.paths().checkpoint_dir / absl::StrCat(context_.attempt_epoch(), "-", i, kSuffix);
    SB_RETURN_IF_ERROR(PublishFile(written, png));
    SB_RETURN_IF_ERROR(CreateDirectories(target.parent_path()));
    fs::rename(written, target, error);
    if (error) return ErrnoStatus(error.value(), "rename to", target);
    MutexLock lock(&mutex_);
    folders_.insert(target.parent_path());
    folders_.insert(context_.paths().objects_dir);
    return absl::OkStatus();
  }

  // Counts a picture, or ends everything.
  void Note(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    ++done_;
    if (status.ok()) context_.Checkpointed(static_cast<int64_t>(done_));
    const bool goes_on = progress_.Update(done_, files_.size());
    if (status.ok() && goes_on) return;
    if (status_.ok()) status_ = status.ok() ? absl::CancelledError("cancelled while cleaning images") : status;
    stopped_ = true;
  }

  const dataset::Manifest& manifest_;
  const augment::Pipeline& pipeline_;
  Journal& journal_;
  TaskContext& context_;
  std::vector<dataset::Candidate> files_;  // each element belongs to the thread that drew its index
  std::atomic<size_t> next_{0};
  std::atomic<int64_t> kept_{0};
  std::atomic<bool> stopped_{false};
  Mutex mutex_;
  ImageProgress progress_ ABSL_GUARDED_BY(mutex_);
  size_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<fs::path> folders_ ABSL_GUARDED_BY(mutex_);  // of the object store, in which files were put
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<augment::Pipeline> ParsePipeline(const std::string& text) {
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  SB_ASSIGN_OR_RETURN(augment::Pipeline pipeline, augment::Pipeline::Parse(list, "pipeline"));
  if (pipeline.empty()) return absl::InvalidArgumentError("pipeline has no step; name one, such as remove_background");
  return pipeline;
}

}  // namespace

absl::StatusOr<CleanResult> RunClean(const CleanSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const augment::Pipeline pipeline, ParsePipeline(spec.pipeline));
  SB_ASSIGN_OR_RETURN(const dataset::Manifest manifest, dataset::ReadManifest(spec.dataset_dir));
  SB_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                      Journal::Open(context.paths().checkpoint_dir / "cleaned.tsv", context.paths().objects_dir));
  Cleaner cleaner(manifest, pipeline, journal.get(), context);
  dataset::Candidates candidates;
  SB_ASSIGN_OR_RETURN(candidates.files, cleaner.Run());
  candidates.classes = manifest.classes;
  dataset::SortAsKeras(&candidates.files);
  const std::string source = absl::StrCat("dataset '", spec.dataset, "'");
  SB_ASSIGN_OR_RETURN(DatasetSummary summary, RecordVersion(candidates, {.root = "", .source = source}, context));
  Log("cleaned",
      absl::StrCat("cleaned ", Counted(summary.images, "image"), " of ", source, ", ", cleaner.kept(), " of them in an earlier attempt"),
      context);
  return CleanResult{.dataset = std::move(summary), .kept = cleaner.kept()};
}

}  // namespace seedbed::tasks
