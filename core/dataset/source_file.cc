#include "core/dataset/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::dataset {
namespace fs = std::filesystem;
namespace {

absl::StatusOr<FileStamp> ToStamp(const struct stat& info, const fs::path& path) {
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path.string(), " is not a regular file"));
  return FileStamp{static_cast<uint64_t>(info.st_size), int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

}  // namespace

absl::StatusOr<FileStamp> StampOf(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "find", path);
  return ToStamp(info, path);
}

absl::StatusOr<FileStamp> ReadStampedFile(const fs::path& path, uint64_t max_bytes, std::string* content) {
  // O_NONBLOCK: opening a pipe must not wait for its writer; on regular files it means nothing.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, "open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  SB_ASSIGN_OR_RETURN(const FileStamp stamp, ToStamp(info, path));
  if (stamp.bytes > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("file of ", stamp.bytes, " bytes, the limit is ", max_bytes));
  }
  content->resize(stamp.bytes);
  size_t done = 0;
  while (done < content->size()) {
    const ssize_t count = ::read(fd.get(), content->data() + done, content->size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "read", path);
    if (count == 0) break;  // it shrank while we read; its size will tell
    done += static_cast<size_t>(count);
  }
  content->resize(done);
  return stamp;
}

fs::path ObjectPath(const fs::path& objects_folder, std::string_view sha256) {
  return objects_folder / std::string(sha256.substr(0, 2)) / std::string(sha256.substr(2));
}

}  // namespace seedbed::dataset
