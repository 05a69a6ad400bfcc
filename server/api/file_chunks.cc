#include "server/api/file_chunks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::api {

absl::StatusOr<FileChunks> FileChunks::Open(const std::filesystem::path& path, int64_t offset) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const std::string name = path.filename().string();
  if (!fd.valid() && errno == ELOOP) return absl::NotFoundError(absl::StrCat("'", name, "' is no regular file"));
  if (!fd.valid()) return ErrnoStatus(errno, "open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  if (!S_ISREG(info.st_mode)) return absl::NotFoundError(absl::StrCat("'", name, "' is no regular file"));
  if (offset < 0 || offset > info.st_size) {
    return absl::OutOfRangeError(absl::StrCat("'", name, "' has ", info.st_size, " bytes, offset ", offset, " is outside"));
  }
  if (::lseek(fd.get(), offset, SEEK_SET) < 0) return ErrnoStatus(errno, "seek", path);
  return FileChunks(std::move(fd), path, info.st_size - offset);
}

absl::StatusOr<std::string> FileChunks::Next() {
  std::string chunk(static_cast<size_t>(std::min<int64_t>(remaining_, kChunkBytes)), '\0');
  size_t done = 0;
  while (done < chunk.size()) {
    const ssize_t count = ::read(fd_.get(), chunk.data() + done, chunk.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "read", path_);
    if (count == 0) return absl::DataLossError(absl::StrCat("'", path_.filename().string(), "' became shorter while it was read"));
    done += static_cast<size_t>(count);
  }
  remaining_ -= static_cast<int64_t>(done);
  return chunk;
}

std::string_view MediaTypeOf(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".json") return "application/json";
  if (extension == ".csv") return "text/csv";
  if (extension == ".tsv") return "text/tab-separated-values";
  if (extension == ".txt") return "text/plain";
  if (extension == ".html") return "text/html";
  if (extension == ".png") return "image/png";
  return "application/octet-stream";
}

}  // namespace seedbed::api
