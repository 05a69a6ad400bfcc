#include "server/api/blob_receiver.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::api {
namespace fs = std::filesystem;
namespace {

constexpr char kTemporaryPrefix[] = ".upload-";

}  // namespace

BlobReceiver::~BlobReceiver() {
  if (blob_ && !blob_->temporary.empty()) ::unlink(blob_->temporary.c_str());
}

absl::Status BlobReceiver::Accept(const v1::UploadBlobsRequest& request) {
  switch (request.part_case()) {
    case v1::UploadBlobsRequest::kHeader:
      SB_RETURN_IF_ERROR(Begin(request.header()));
      break;
    case v1::UploadBlobsRequest::kChunk:
      SB_RETURN_IF_ERROR(Append(request.chunk()));
      break;
    default:
      return absl::InvalidArgumentError("an upload message needs a header or a chunk");
  }
  return EndIfComplete();
}

absl::StatusOr<v1::UploadBlobsResponse> BlobReceiver::Finish() {
  if (blob_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the upload ended after ", blob_->received, " of ", blob_->bytes, " bytes of ", blob_->sha256));
  }
  for (const fs::path& folder : folders_) SB_RETURN_IF_ERROR(SyncPath(folder));
  return response_;
}

absl::Status BlobReceiver::Begin(const v1::UploadBlobsRequest::Header& header) {
  if (blob_) return absl::InvalidArgumentError(absl::StrCat("a new header in the middle of ", blob_->sha256));
  if (!IsSha256Hex(header.sha256())) return absl::InvalidArgumentError("a header's sha256 must be 64 lower-case hex digits");
  if (header.bytes() < 0 || header.bytes() > kMaxBlobBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(header.sha256(), " has ", header.bytes(), " bytes; the limit for one file is 4 GiB (", kMaxBlobBytes, ")"));
  }
  Blob blob{.sha256 = header.sha256(), .bytes = header.bytes(), .received = 0, .hash = {}, .file = {}, .temporary = {}};
  const fs::path target = layout_->object(blob.sha256);
  std::error_code error;
  if (!fs::exists(target, error)) SB_RETURN_IF_ERROR(OpenTemporary(&blob));
  folders_.insert(target.parent_path());  // also of one that another upload has only just published
  blob_ = std::move(blob);
  return absl::OkStatus();
}

absl::Status BlobReceiver::OpenTemporary(Blob* blob) const {
  static std::atomic<uint64_t> counter{0};
  SB_ASSIGN_OR_RETURN(const uint64_t free_bytes, FreeBytes(layout_->root()));
  if (static_cast<int64_t>(free_bytes) < min_free_bytes_ + blob->bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the server's disk is nearly full (", free_bytes, " bytes free, ", min_free_bytes_,
                                                     " must stay free); remove datasets or models, or free space, and upload again"));
  }
  SB_RETURN_IF_ERROR(CreateDirectories(layout_->object(blob->sha256).parent_path()));
  const fs::path path = layout_->objects() / absl::StrCat(kTemporaryPrefix, ::getpid(), "-", counter.fetch_add(1));
  blob->file = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!blob->file.valid()) return ErrnoStatus(errno, "create", path);
  blob->temporary = path;
  blob->hash.emplace();
  return absl::OkStatus();
}

absl::Status BlobReceiver::Append(const std::string& chunk) {
  if (!blob_) return absl::InvalidArgumentError("a chunk without a header before it");
  blob_->received += static_cast<int64_t>(chunk.size());
  if (blob_->received > blob_->bytes) {
    return absl::InvalidArgumentError(absl::StrCat("more than the ", blob_->bytes, " bytes announced for ", blob_->sha256));
  }
  if (!blob_->hash) return absl::OkStatus();
  blob_->hash->Update(chunk);
  return WriteAll(blob_->file.get(), std::as_bytes(std::span(chunk)), blob_->temporary);
}

absl::Status BlobReceiver::EndIfComplete() {
  if (!blob_ || blob_->received < blob_->bytes) return absl::OkStatus();
  if (!blob_->hash) {
    response_.set_skipped(response_.skipped() + 1);
    blob_.reset();
    return absl::OkStatus();
  }
  const std::string actual = blob_->hash->FinishHex();
  if (actual != blob_->sha256) {
    return absl::InvalidArgumentError(
        absl::StrCat("the content sent as ", blob_->sha256, " has the digest ", actual, "; the file changed or was damaged on its way"));
  }
  if (::fsync(blob_->file.get()) != 0) return ErrnoStatus(errno, "fsync", blob_->temporary);
  const fs::path target = layout_->object(blob_->sha256);
  if (::rename(blob_->temporary.c_str(), target.c_str()) != 0) return ErrnoStatus(errno, "rename to", target);
  response_.set_stored(response_.stored() + 1);
  response_.set_bytes(response_.bytes() + blob_->bytes);
  blob_.reset();
  return absl::OkStatus();
}

absl::Status RemoveUnfinishedUploads(const store::DataLayout& layout) {
  std::error_code error;
  for (fs::directory_iterator it(layout.objects(), error), end; !error && it != end; it.increment(error)) {
    if (absl::StartsWith(it->path().filename().string(), kTemporaryPrefix)) SB_RETURN_IF_ERROR(RemoveAll(it->path()));
  }
  return error ? ErrnoStatus(error.value(), "list", layout.objects()) : absl::OkStatus();
}

}  // namespace seedbed::api
