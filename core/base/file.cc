#include "core/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace seedbed {
namespace fs = std::filesystem;
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return absl::StatusCode::kResourceExhausted;
    case EEXIST:
    case ENOTEMPTY:
      return absl::StatusCode::kAlreadyExists;
    default:
      return absl::StatusCode::kInternal;
  }
}

fs::path ParentOf(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

absl::Status SyncFd(int fd, const fs::path& path) {
  // A failed fsync is final for this file: the kernel may have dropped the dirty pages, so it is never retried.
  if (::fsync(fd) != 0) return ErrnoStatus(errno, "fsync", path);
  return absl::OkStatus();
}

constexpr char kUnfinishedSuffix[] = ".tmp";

fs::path TemporaryNameFor(const fs::path& path) {
  static std::atomic<uint64_t> counter{0};
  return ParentOf(path) / absl::StrCat(".", path.filename().string(), ".", ::getpid(), ".", counter.fetch_add(1), kUnfinishedSuffix);
}

absl::Status WriteNewFile(const fs::path& path, std::span<const std::span<const std::byte>> parts) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, "create", path);
  for (const std::span<const std::byte> part : parts) SB_RETURN_IF_ERROR(WriteAll(fd.get(), part, path));
  return SyncFd(fd.get(), path);
}

}  // namespace

absl::Status ErrnoStatus(int error, std::string_view operation, const fs::path& path) {
  const std::string message = absl::StrCat("cannot ", ToAbsl(operation), " ", path.string(), ": ", std::strerror(error));
  return error == ENOMEM ? OutOfMemoryError(message) : absl::Status(CodeOf(error), message);
}

void UniqueFd::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

absl::StatusOr<UniqueFd> OpenForReading(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "open", path);
  return fd;
}

absl::StatusOr<std::string> ReadFile(const fs::path& path, uint64_t max_bytes) {
  SB_ASSIGN_OR_RETURN(UniqueFd fd, OpenForReading(path));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  if (S_ISDIR(info.st_mode)) return ErrnoStatus(EISDIR, "read", path);
  if (static_cast<uint64_t>(info.st_size) > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " has ", info.st_size, " bytes, the limit is ", max_bytes));
  }
  std::string content(static_cast<size_t>(info.st_size), '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::read(fd.get(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "read", path);
    if (count == 0) break;  // it shrank while we read
    done += static_cast<size_t>(count);
  }
  content.resize(done);
  return content;
}

absl::Status WriteAll(int fd, std::span<const std::byte> bytes, const fs::path& path_for_errors) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "write", path_for_errors);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status WriteAllAt(int fd, uint64_t offset, std::span<const std::byte> bytes, const fs::path& path_for_errors) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "write", path_for_errors);
    bytes = bytes.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

absl::Status PublishFile(const fs::path& path, std::string_view content) {
  const std::span<const std::byte> whole = std::as_bytes(std::span(content));
  return PublishFile(path, std::span(&whole, 1));
}

absl::Status PublishFile(const fs::path& path, std::span<const std::span<const std::byte>> parts) {
  const fs::path temporary = TemporaryNameFor(path);
  absl::Status written = WriteNewFile(temporary, parts);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) written = ErrnoStatus(errno, "rename to", path);
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  return SyncPath(ParentOf(path));
}

void RemoveUnfinishedFiles(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == fs::path(kUnfinishedSuffix)) ::unlink(it->path().c_str());
  }
}

absl::Status PublishDirectory(const fs::path& from, const fs::path& to) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    SB_RETURN_IF_ERROR(SyncPath(it->path()));
  }
  if (error) return ErrnoStatus(error.value(), "walk", from);
  SB_RETURN_IF_ERROR(SyncPath(from));
  if (fs::exists(fs::symlink_status(to, error))) return absl::AlreadyExistsError(absl::StrCat(to.string(), " exists"));
  if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoStatus(errno, "rename to", to);
  SB_RETURN_IF_ERROR(SyncPath(ParentOf(to)));
  return SyncPath(ParentOf(from));
}

absl::Status SyncPath(const fs::path& path) {
  SB_ASSIGN_OR_RETURN(UniqueFd fd, OpenForReading(path));
  return SyncFd(fd.get(), path);
}

absl::Status CreateDirectories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "create folder", path);
  return absl::OkStatus();
}

absl::Status RemoveAll(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return ErrnoStatus(error.value(), "remove", path);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> FreeBytes(const fs::path& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return ErrnoStatus(errno, "stat the file system of", path);
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

absl::StatusOr<FileLock> FileLock::TryAcquire(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "open lock file", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return absl::UnavailableError(absl::StrCat(path.string(), " is locked by another process"));
    return ErrnoStatus(errno, "lock", path);
  }
  return FileLock(std::move(fd));
}

absl::StatusOr<MappedFile> MappedFile::Open(const fs::path& path) {
  SB_ASSIGN_OR_RETURN(UniqueFd fd, OpenForReading(path));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  MappedFile file;
  file.size_ = static_cast<size_t>(info.st_size);
  if (file.size_ == 0) return file;
  void* address = ::mmap(nullptr, file.size_, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (address == MAP_FAILED) {
    file.size_ = 0;
    return ErrnoStatus(errno, "map", path);
  }
  file.data_ = static_cast<const std::byte*>(address);
  return file;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

absl::StatusOr<fs::path> ResolveBeneath(const fs::path& root, std::string_view relative) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("path '", ToAbsl(relative), "' ", ToAbsl(why)));
  };
  if (relative.empty()) return refuse("is empty");
  if (relative.find('\0') != std::string_view::npos) return refuse("contains a NUL byte");
  if (relative.front() == '/') return refuse("must be relative");
  size_t begin = 0;
  while (begin <= relative.size()) {
    const size_t end = std::min(relative.find('/', begin), relative.size());
    const std::string_view component = relative.substr(begin, end - begin);
    if (component.empty() || component == ".") return refuse("has an empty component");
    if (component == "..") return refuse("must not contain '..'");
    begin = end + 1;
  }
  return root / fs::path(std::string(relative));
}

}  // namespace seedbed
