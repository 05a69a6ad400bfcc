#include "client/cli/partial_download.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxOriginBytes = 64 << 10;

}  // namespace

absl::StatusOr<PartialDownload> PartialDownload::Open(const fs::path& target, const std::string& url, const ExpectedContent& expected) {
  if (target.has_parent_path()) SB_RETURN_IF_ERROR(CreateDirectories(target.parent_path()));
  fs::path lock_path = target;
  lock_path += ".lock";
  absl::StatusOr<FileLock> lock = FileLock::TryAcquire(lock_path);
  if (absl::IsUnavailable(lock.status())) {
    return absl::UnavailableError(absl::StrCat("another process is fetching ", target.string(), ": wait until it has ended"));
  }
  SB_RETURN_IF_ERROR(lock.status());
  PartialDownload partial(target, url, expected, *std::move(lock));
  SB_RETURN_IF_ERROR(partial.Load());
  return partial;
}

absl::Status PartialDownload::Load() {
  const absl::StatusOr<std::string> origin = ReadFile(OriginPath(), kMaxOriginBytes);
  std::error_code error;
  const bool same_url = origin.ok() && origin->starts_with(url_ + "\n");
  if (!same_url || !fs::exists(Path(), error)) return Restart("");
  validator_ = origin->substr(url_.size() + 1);
  if (validator_.empty() && !expected_.has_digest()) return Restart("");
  SB_RETURN_IF_ERROR(check_.UpdateFromFile(Path()));
  return OpenFile(O_APPEND);
}

absl::Status PartialDownload::Restart(const std::string& validator) {
  SB_RETURN_IF_ERROR(OpenFile(O_CREAT | O_TRUNC));
  SB_RETURN_IF_ERROR(PublishFile(OriginPath(), absl::StrCat(url_, "\n", validator)));
  validator_ = validator;
  check_ = ContentCheck(expected_);
  return absl::OkStatus();
}

absl::Status PartialDownload::Append(std::span<const std::byte> bytes) {
  SB_RETURN_IF_ERROR(WriteAll(file_.get(), bytes, Path()));
  check_.Update(bytes);
  return absl::OkStatus();
}

absl::StatusOr<std::string> PartialDownload::Publish() {
  if (const absl::Status checked = check_.Finish(); !checked.ok()) {
    SB_RETURN_IF_ERROR(Discard());
    return checked;
  }
  if (::fsync(file_.get()) != 0) return ErrnoStatus(errno, "sync", Path());
  if (::rename(Path().c_str(), target_.c_str()) != 0) return ErrnoStatus(errno, "rename to", target_);
  SB_RETURN_IF_ERROR(Discard());
  return check_.sha256();
}

fs::path PartialDownload::Beside(const char* suffix) const {
  fs::path path = target_;
  return path += suffix;
}

absl::Status PartialDownload::OpenFile(int flags) {
  file_ = UniqueFd(::open(Path().c_str(), O_WRONLY | O_CLOEXEC | flags, 0644));
  return file_.valid() ? absl::OkStatus() : ErrnoStatus(errno, "open", Path());
}

absl::Status PartialDownload::Discard() const {
  SB_RETURN_IF_ERROR(RemoveAll(Path()));
  return RemoveAll(OriginPath());
}

}  // namespace seedbed::cli
