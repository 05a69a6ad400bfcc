#include "client/lib/upload.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/lib/backoff.h"
#include "client/lib/request_id.h"
#include "client/lib/status.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"

namespace seedbed::client {
namespace {

namespace fs = std::filesystem;

constexpr size_t kChunkBytes = 512 << 10;
constexpr size_t kDigestsPerRequest = 100'000;

// A content to be sent: a file, or a text in memory.
struct Blob {
  fs::path file;  // empty: `text`
  std::string text;
  std::string path;  // in the listing
  std::string sha256;
  int64_t bytes = 0;
};

bool IsCancelled(const UploadOptions& options) { return options.cancelled != nullptr && options.cancelled->load(); }
absl::Status Cancelled() { return absl::CancelledError("the upload was cancelled; repeat the command to go on where it stopped"); }

bool IsHidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// Tabs, line breaks and backslashes in a listing's paths are written \t, \n and \\.
std::string Escaped(const std::string& path) { return absl::StrReplaceAll(path, {{"\\", "\\\\"}, {"\t", "\\t"}, {"\n", "\\n"}}); }

absl::Status AddClassFolder(const fs::path& root, const fs::path& class_folder, std::vector<Blob>* blobs) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(class_folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code unknown;
    if (it->is_directory(unknown) && IsHidden(it->path())) it.disable_recursion_pending();
    if (!it->is_regular_file(unknown) || !HasImageSuffix(it->path())) continue;
    Blob blob;
    blob.file = it->path();
    blob.path = it->path().lexically_relative(root).generic_string();
    blobs->push_back(std::move(blob));
  }
  if (error) return ErrnoStatus(error.value(), "list", class_folder);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Blob>> ListImages(const fs::path& root) {
  std::error_code error;
  std::vector<Blob> blobs;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory() && !IsHidden(it->path())) SB_RETURN_IF_ERROR(AddClassFolder(root, it->path(), &blobs));
  }
  if (error) return ErrnoStatus(error.value(), "list", root);
  if (blobs.empty()) {
    return absl::NotFoundError(absl::StrCat("no image files below ", root.string(), ": expected ", root.string(), "/<class>/<image>"));
  }
  std::sort(blobs.begin(), blobs.end(), [](const Blob& a, const Blob& b) { return a.path < b.path; });
  return blobs;
}

// Counts finished files and keeps the first error. Thread-safe.
class HashTally {
 public:
  void Finish(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    ++done_;
    status_.Update(status);
    changed_.NotifyAll();
  }
  // Waits for more than `seen` finished files and returns how many there are.
  int64_t WaitForMoreThan(int64_t seen) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    while (done_ <= seen) changed_.Wait(&mutex_);
    return done_;
  }
  absl::Status status() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return status_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

absl::Status HashFile(Blob* blob, const UploadOptions& options) {
  if (IsCancelled(options)) return Cancelled();
  std::error_code error;
  blob->bytes = static_cast<int64_t>(fs::file_size(blob->file, error));
  if (error) return ErrnoStatus(error.value(), "read", blob->file);
  SB_ASSIGN_OR_RETURN(blob->sha256, Sha256HexOfFile(blob->file));
  return absl::OkStatus();
}

absl::Status HashFiles(std::vector<Blob>* blobs, const UploadOptions& options) {
  const size_t threads = options.threads != 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  const auto total = static_cast<int64_t>(blobs->size());
  HashTally tally;
  ThreadPool pool(std::min(threads, blobs->size()));
  for (Blob& blob : *blobs) {
    pool.Schedule([&blob, &options, &tally] { tally.Finish(HashFile(&blob, options)); });
  }
  for (int64_t done = 0; done < total;) {
    done = tally.WaitForMoreThan(done);
    if (options.on_progress) options.on_progress({UploadProgress::Phase::kHash, done, total});
  }
  return tally.status();
}

// Those of `blobs` that the server lacks, each content once.
absl::StatusOr<std::vector<const Blob*>> FindMissing(Client& client, const std::vector<Blob>& blobs) {
  std::vector<const Blob*> missing;
  std::unordered_set<std::string> seen;
  for (size_t begin = 0; begin < blobs.size(); begin += kDigestsPerRequest) {
    const size_t end = std::min(begin + kDigestsPerRequest, blobs.size());
    std::vector<std::string> digests;
    for (size_t i = begin; i < end; ++i) digests.push_back(blobs[i].sha256);
    SB_ASSIGN_OR_RETURN(const std::vector<std::string> answer, client.FindMissingBlobs(digests));
    const std::unordered_set<std::string> lacking(answer.begin(), answer.end());
    for (size_t i = begin; i < end; ++i) {
      if (lacking.contains(blobs[i].sha256) && seen.insert(blobs[i].sha256).second) missing.push_back(&blobs[i]);
    }
  }
  return missing;
}

// One UploadBlobs call. Not thread-safe.
class BlobSender {
 public:
  BlobSender(Client& client, const UploadOptions& options, int64_t total_bytes)
      : options_(options), total_bytes_(total_bytes), writer_(client.dataset_stub()->UploadBlobs(&context_, &response_)) {}
  ~BlobSender() {
    if (!finished_) {
      context_.TryCancel();
      (void)writer_->Finish();  // a writer must be finished; the outcome of a cancelled call says nothing
    }
  }

  // UNAVAILABLE also for a broken stream: Finish() then knows the reason.
  absl::Status Send(const Blob& blob) {
    v1::UploadBlobsRequest request;
    request.mutable_header()->set_sha256(blob.sha256);
    request.mutable_header()->set_bytes(blob.bytes);
    if (!writer_->Write(request)) return Broken();
    return blob.file.empty() ? SendText(blob.text) : SendFile(blob);
  }

  absl::Status Finish() {
    finished_ = true;
    writer_->WritesDone();
    return FromGrpc(writer_->Finish());
  }

 private:
  static absl::Status Broken() { return absl::UnavailableError("the upload stream broke"); }

  absl::Status SendText(std::string_view text) {
    for (size_t begin = 0; begin < text.size(); begin += kChunkBytes) {
      SB_RETURN_IF_ERROR(SendChunk(std::string(text.substr(begin, kChunkBytes))));
    }
    return absl::OkStatus();
  }

  absl::Status SendFile(const Blob& blob) {
    SB_ASSIGN_OR_RETURN(const UniqueFd file, OpenForReading(blob.file));
    for (int64_t missing = blob.bytes; missing > 0;) {
      std::string chunk(std::min<size_t>(kChunkBytes, static_cast<size_t>(missing)), '\0');
      const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
      if (got < 0) return ErrnoStatus(errno, "read", blob.file);
      if (got == 0) return absl::FailedPreconditionError(absl::StrCat(blob.file.string(), " became shorter while it was being uploaded"));
      chunk.resize(static_cast<size_t>(got));
      missing -= got;
      SB_RETURN_IF_ERROR(SendChunk(std::move(chunk)));
    }
    return absl::OkStatus();
  }

  absl::Status SendChunk(std::string chunk) {
    if (IsCancelled(options_)) return Cancelled();
    sent_bytes_ += static_cast<int64_t>(chunk.size());
    v1::UploadBlobsRequest request;
    request.set_chunk(std::move(chunk));
    if (!writer_->Write(request)) return Broken();
    if (options_.on_progress) options_.on_progress({UploadProgress::Phase::kSend, sent_bytes_, total_bytes_});
    return absl::OkStatus();
  }

  const UploadOptions& options_;
  const int64_t total_bytes_;
  int64_t sent_bytes_ = 0;
  bool finished_ = false;
  grpc::ClientContext context_;
  v1::UploadBlobsResponse response_;
  const std::unique_ptr<grpc::ClientWriter<v1::UploadBlobsRequest>> writer_;
};

absl::Status SendOnce(Client& client, const std::vector<const Blob*>& blobs, const UploadOptions& options, UploadResult* result) {
  int64_t total_bytes = 0;
  for (const Blob* blob : blobs) total_bytes += blob->bytes;
  BlobSender sender(client, options, total_bytes);
  for (const Blob* blob : blobs) {
    const absl::Status sent = sender.Send(*blob);
    if (absl::IsUnavailable(sent)) break;  // Finish() tells why
    SB_RETURN_IF_ERROR(sent);
  }
  SB_RETURN_IF_ERROR(sender.Finish());
  result->sent_files += static_cast<int64_t>(blobs.size());
  result->sent_bytes += total_bytes;
  return absl::OkStatus();
}

// Sends what the server lacks; after a lost connection it asks again what is lacking.
absl::Status SendMissing(Client& client, const std::vector<Blob>& blobs, const UploadOptions& options, UploadResult* result) {
  const RetryPolicy& retry = client.options().retry;
  Backoff backoff(retry, RandomSeed());
  for (int attempt = 1;; ++attempt) {
    SB_ASSIGN_OR_RETURN(const std::vector<const Blob*> missing, FindMissing(client, blobs));
    if (missing.empty()) return absl::OkStatus();
    const absl::Status sent = SendOnce(client, missing, options, result);
    if (!absl::IsUnavailable(sent) || attempt >= retry.max_attempts) return sent;
    std::this_thread::sleep_for(backoff.Next());
  }
}

Blob MakeListing(const std::vector<Blob>& blobs) {
  Blob listing;
  for (const Blob& blob : blobs) absl::StrAppend(&listing.text, blob.sha256, "\t", Escaped(blob.path), "\n");
  listing.sha256 = Sha256Hex(listing.text);
  listing.bytes = static_cast<int64_t>(listing.text.size());
  return listing;
}

}  // namespace

bool HasImageSuffix(const fs::path& path) {
  static constexpr std::array<std::string_view, 8> kSuffixes{".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff", ".webp"};
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(kSuffixes.begin(), kSuffixes.end(), suffix) != kSuffixes.end();
}

absl::StatusOr<UploadResult> UploadFolder(Client& client, const fs::path& folder, const UploadOptions& options) {
  SB_ASSIGN_OR_RETURN(std::vector<Blob> blobs, ListImages(folder));
  SB_RETURN_IF_ERROR(HashFiles(&blobs, options));
  UploadResult result;
  SB_RETURN_IF_ERROR(SendMissing(client, blobs, options, &result));
  UploadOptions quietly = options;
  quietly.on_progress = nullptr;
  UploadResult listing_result;
  const std::vector<Blob> listing{MakeListing(blobs)};
  SB_RETURN_IF_ERROR(SendMissing(client, listing, quietly, &listing_result));
  result.listing_sha256 = listing.front().sha256;
  result.files = static_cast<int64_t>(blobs.size());
  return result;
}

absl::StatusOr<UploadedFile> UploadFile(Client& client, const fs::path& file, const UploadOptions& options) {
  std::vector<Blob> blobs(1);
  blobs.front().file = file;
  SB_RETURN_IF_ERROR(HashFiles(&blobs, options));
  UploadResult result;
  SB_RETURN_IF_ERROR(SendMissing(client, blobs, options, &result));
  return UploadedFile{blobs.front().sha256, blobs.front().bytes, result.sent_bytes};
}

}  // namespace seedbed::client
