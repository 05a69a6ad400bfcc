#include "client/lib/download.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/lib/backoff.h"
#include "client/lib/request_id.h"
#include "client/lib/status.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::client {
namespace {

namespace fs = std::filesystem;

// A file being written under a temporary name, which disappears unless Publish() is reached.
class PartialFile {
 public:
  static absl::StatusOr<PartialFile> Create(const fs::path& target) {
    fs::path partial = target;
    partial += absl::StrCat(".partial-", NewRequestId().substr(0, 8));
    UniqueFd fd(::open(partial.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644));
    if (!fd.valid()) return ErrnoStatus(errno, "create", partial);
    return PartialFile(target, std::move(partial), std::move(fd));
  }
  PartialFile(PartialFile&& other) noexcept
      : target_(std::move(other.target_)), partial_(std::exchange(other.partial_, {})), fd_(std::move(other.fd_)) {}
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile() {
    std::error_code ignored;
    if (!partial_.empty()) fs::remove(partial_, ignored);
  }

  absl::Status Append(std::string_view bytes) { return WriteAll(fd_.get(), std::as_bytes(std::span(bytes)), target_); }

  absl::Status Publish() {
    if (::fsync(fd_.get()) != 0) return ErrnoStatus(errno, "sync", partial_);
    if (::rename(partial_.c_str(), target_.c_str()) != 0) return ErrnoStatus(errno, "rename to", target_);
    partial_.clear();
    return absl::OkStatus();
  }

 private:
  PartialFile(fs::path target, fs::path partial, UniqueFd fd)
      : target_(std::move(target)), partial_(std::move(partial)), fd_(std::move(fd)) {}

  const fs::path target_;
  fs::path partial_;
  UniqueFd fd_;
};

// The folder that a finished export is renamed to; until then a sibling, which disappears unless Publish() is reached.
class PartialFolder {
 public:
  static absl::StatusOr<PartialFolder> Create(const fs::path& target) {
    std::error_code error;
    if (fs::exists(target, error) && !(fs::is_directory(target, error) && fs::is_empty(target, error))) {
      return absl::AlreadyExistsError(absl::StrCat(target.string(), " exists and is not an empty folder: choose another one"));
    }
    fs::path partial = target;
    partial += absl::StrCat(".partial-", NewRequestId().substr(0, 8));
    SB_RETURN_IF_ERROR(CreateDirectories(partial));
    return PartialFolder(target, std::move(partial));
  }
  PartialFolder(PartialFolder&& other) noexcept : target_(std::move(other.target_)), partial_(std::exchange(other.partial_, {})) {}
  PartialFolder& operator=(PartialFolder&&) = delete;
  ~PartialFolder() {
    std::error_code ignored;
    if (!partial_.empty()) fs::remove_all(partial_, ignored);
  }

  const fs::path& path() const { return partial_; }

  absl::Status Publish() {
    if (::rename(partial_.c_str(), target_.c_str()) != 0) return ErrnoStatus(errno, "rename to", target_);
    partial_.clear();
    return absl::OkStatus();
  }

 private:
  PartialFolder(fs::path target, fs::path partial) : target_(std::move(target)), partial_(std::move(partial)) {}

  const fs::path target_;
  fs::path partial_;
};

absl::Status CheckComplete(const v1::Artifact& artifact, int64_t bytes, Sha256* digest) {
  if (bytes == artifact.bytes() && (artifact.sha256().empty() || digest->FinishHex() == artifact.sha256())) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(artifact.name(), " did not arrive as the server described it: try again"));
}

// One file of an export: written, checked against its header, published under its name.
class IncomingFile {
 public:
  static absl::StatusOr<IncomingFile> Open(const fs::path& folder, const v1::Artifact& header) {
    SB_ASSIGN_OR_RETURN(const fs::path target, ResolveBeneath(folder, header.name()));
    SB_RETURN_IF_ERROR(CreateDirectories(target.parent_path()));
    SB_ASSIGN_OR_RETURN(PartialFile file, PartialFile::Create(target));
    return IncomingFile(header, std::move(file));
  }
  absl::Status Append(std::string_view chunk) {
    digest_.Update(chunk);
    received_ += static_cast<int64_t>(chunk.size());
    return file_.Append(chunk);
  }
  absl::Status Close() {
    SB_RETURN_IF_ERROR(CheckComplete(header_, received_, &digest_));
    return file_.Publish();
  }

 private:
  IncomingFile(v1::Artifact header, PartialFile file) : header_(std::move(header)), file_(std::move(file)) {}

  v1::Artifact header_;
  PartialFile file_;
  Sha256 digest_;
  int64_t received_ = 0;
};

// Ends a stream that may not have been read to its end.
template <typename Reader>
grpc::Status Abort(grpc::ClientContext* context, Reader* reader) {
  context->TryCancel();
  return reader->Finish();
}

absl::Status ReceiveModel(Client& client, const v1::ExportModelRequest& request, const fs::path& folder, std::vector<v1::Artifact>* files) {
  grpc::ClientContext context;
  const auto reader = client.model_stub()->ExportModel(&context, request);
  std::optional<IncomingFile> current;
  const auto receive = [&](const v1::ExportModelResponse& part) -> absl::Status {
    if (!part.has_header()) {
      return current.has_value() ? current->Append(part.chunk()) : absl::DataLossError("the server sent bytes before a file's name");
    }
    if (current.has_value()) SB_RETURN_IF_ERROR(current->Close());
    current.reset();
    SB_ASSIGN_OR_RETURN(IncomingFile next, IncomingFile::Open(folder, part.header()));
    current.emplace(std::move(next));
    files->push_back(part.header());
    return absl::OkStatus();
  };
  for (v1::ExportModelResponse part; reader->Read(&part);) {
    if (absl::Status received = receive(part); !received.ok()) {
      (void)Abort(&context, reader.get());  // our own error is the one to report
      return received;
    }
  }
  SB_RETURN_IF_ERROR(FromGrpc(reader->Finish(), client.options().server));
  return current.has_value() ? current->Close() : absl::DataLossError("the server sent no file");
}

}  // namespace

absl::Status ReadArtifact(Client& client, const std::string& job_id, const v1::Artifact& artifact, const ByteSink& sink) {
  const RetryPolicy& retry = client.options().retry;
  Backoff backoff(retry, RandomSeed());
  Sha256 digest;
  int64_t received = 0;
  for (int attempt = 1;; ++attempt) {
    v1::ReadArtifactRequest request;
    request.set_id(job_id);
    request.set_name(artifact.name());
    request.set_offset(received);
    grpc::ClientContext context;
    const auto reader = client.job_stub()->ReadArtifact(&context, request);
    for (v1::ReadArtifactResponse part; reader->Read(&part);) {
      digest.Update(part.chunk());
      received += static_cast<int64_t>(part.chunk().size());
      if (absl::Status written = sink(part.chunk()); !written.ok()) {
        (void)Abort(&context, reader.get());  // our own error is the one to report
        return written;
      }
    }
    const absl::Status status = FromGrpc(reader->Finish(), client.options().server);
    if (status.ok()) return CheckComplete(artifact, received, &digest);
    if (!absl::IsUnavailable(status) || attempt >= retry.max_attempts) return status;
    std::this_thread::sleep_for(backoff.Next());
  }
}

absl::Status DownloadArtifact(Client& client, const std::string& job_id, const v1::Artifact& artifact, const fs::path& file) {
  if (file.has_parent_path()) SB_RETURN_IF_ERROR(CreateDirectories(file.parent_path()));
  SB_ASSIGN_OR_RETURN(PartialFile partial, PartialFile::Create(file));
  SB_RETURN_IF_ERROR(ReadArtifact(client, job_id, artifact, [&](std::string_view bytes) { return partial.Append(bytes); }));
  return partial.Publish();
}

absl::Status DownloadArtifacts(Client& client, const std::string& job_id, const std::vector<v1::Artifact>& artifacts,
                               const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(PartialFolder partial, PartialFolder::Create(folder));
  for (const v1::Artifact& artifact : artifacts) {
    SB_ASSIGN_OR_RETURN(const fs::path file, ResolveBeneath(partial.path(), artifact.name()));
    SB_RETURN_IF_ERROR(DownloadArtifact(client, job_id, artifact, file));
  }
  return partial.Publish();
}

absl::StatusOr<std::vector<v1::Artifact>> ExportModel(Client& client, const std::string& name, int version, const fs::path& folder) {
  v1::ExportModelRequest request;
  request.set_name(name);
  request.set_version(version);
  SB_ASSIGN_OR_RETURN(PartialFolder partial, PartialFolder::Create(folder));
  std::vector<v1::Artifact> files;
  SB_RETURN_IF_ERROR(ReceiveModel(client, request, partial.path(), &files));
  SB_RETURN_IF_ERROR(partial.Publish());
  return files;
}

}  // namespace seedbed::client
