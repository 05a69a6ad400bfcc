#include "server/store/reserve_file.h"

#include <fcntl.h>

#include "core/base/file.h"

namespace seedbed::store {

ReserveFile::ReserveFile(std::filesystem::path path, int64_t bytes) : path_(std::move(path)), bytes_(bytes) { Restore(); }

void ReserveFile::Restore() {
  if (held_ || bytes_ == 0) return;
  std::error_code error;
  if (std::filesystem::exists(path_, error) && std::filesystem::file_size(path_, error) == static_cast<uintmax_t>(bytes_)) {
    held_ = true;
    return;
  }
  const auto free_bytes = FreeBytes(path_.parent_path());
  if (!free_bytes.ok() || *free_bytes < 4 * static_cast<uint64_t>(bytes_)) return;
  const UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  held_ = fd.valid() && ::posix_fallocate(fd.get(), 0, bytes_) == 0;
}

bool ReserveFile::Release() {
  if (!held_) return false;
  held_ = false;
  return RemoveAll(path_).ok();
}

}  // namespace seedbed::store
