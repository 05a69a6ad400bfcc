#include "server/data_root_lock.h"

#include <unistd.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed {
namespace {

constexpr uint64_t kMaxPidBytes = 32;

}  // namespace

absl::StatusOr<DataRootLock> DataRootLock::Acquire(const store::DataLayout& layout) {
  absl::StatusOr<FileLock> lock = FileLock::TryAcquire(layout.server_lock());
  if (absl::IsUnavailable(lock.status())) {
    const std::string pid(absl::StripAsciiWhitespace(ReadFile(layout.server_lock(), kMaxPidBytes).value_or("")));
    return absl::UnavailableError(absl::StrCat("another seedbedd (process ", pid.empty() ? "unknown" : pid, ") serves the data root ",
                                               layout.root().string(), "; stop it, or choose another data root with --data-root"));
  }
  SB_RETURN_IF_ERROR(lock.status());
  // For the message above only; the lock itself is the kernel's.
  const std::string pid = absl::StrCat(::getpid(), "\n");
  if (::ftruncate(lock->fd(), 0) != 0) return ErrnoStatus(errno, "truncate", layout.server_lock());
  SB_RETURN_IF_ERROR(WriteAll(lock->fd(), std::as_bytes(std::span(pid)), layout.server_lock()));
  return DataRootLock(*std::move(lock));
}

}  // namespace seedbed
