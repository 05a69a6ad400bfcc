// Files as the service uses them: whole reads, atomic durable publication, locks, memory maps.
// Errors carry the path and the system's reason: NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk or quota full,
// too many open files), else INTERNAL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace seedbed {

absl::Status ErrnoStatus(int error, std::string_view operation, const std::filesystem::path& path);

// An owned file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Close(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

absl::StatusOr<UniqueFd> OpenForReading(const std::filesystem::path& path);

// The whole file; files above `max_bytes` are INVALID_ARGUMENT without being read.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 32);

// Writes all bytes at the descriptor's position, retrying short writes.
absl::Status WriteAll(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path_for_errors);

// The same from `offset` on, leaving the position alone: threads may write to different places at once.
absl::Status WriteAllAt(int fd, uint64_t offset, std::span<const std::byte> bytes, const std::filesystem::path& path_for_errors);

// Publishes `content` as `path`: temporary file in the same folder, write, fsync, rename, fsync of the folder. Readers see the old
// file or the new one, never a part; after OK the new one survives a power loss.
absl::Status PublishFile(const std::filesystem::path& path, std::string_view content);
// The same for a content in several pieces, which need not be joined first.
absl::Status PublishFile(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts);

// Removes what PublishFile left in `folder` when its process died. Only for folders that nobody else is writing to.
void RemoveUnfinishedFiles(const std::filesystem::path& folder);

// Publishes a finished folder: fsync of every file and folder below `from`, then rename to `to` and fsync of the parents.
// `to` must not exist (ALREADY_EXISTS). Both must be on one file system.
absl::Status PublishDirectory(const std::filesystem::path& from, const std::filesystem::path& to);

// fsync of one file or folder.
absl::Status SyncPath(const std::filesystem::path& path);

absl::Status CreateDirectories(const std::filesystem::path& path);
// Removes a file or a whole tree; a missing one is OK.
absl::Status RemoveAll(const std::filesystem::path& path);

// Bytes that an unprivileged writer can still add to the file system of `path`.
absl::StatusOr<uint64_t> FreeBytes(const std::filesystem::path& path);

// An exclusive advisory lock (flock) on a file, created if missing, held until destruction or process end. The file remains.
class FileLock {
 public:
  // UNAVAILABLE at once when another process holds it.
  static absl::StatusOr<FileLock> TryAcquire(const std::filesystem::path& path);
  // The lock of a descriptor that was inherited from the parent process, already locked.
  static FileLock Adopt(UniqueFd fd) { return FileLock(std::move(fd)); }
  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// A read-only memory map of a whole file. Moves keep the address.
class MappedFile {
 public:
  static absl::StatusOr<MappedFile> Open(const std::filesystem::path& path);
  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// `relative` below `root`, refusing (INVALID_ARGUMENT) absolute paths, "..", empty components and NUL: for names that come from outside.
absl::StatusOr<std::filesystem::path> ResolveBeneath(const std::filesystem::path& root, std::string_view relative);

}  // namespace seedbed
