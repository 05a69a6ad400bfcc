#include "server/api/discard.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::api {

absl::Status Discard(const store::DataLayout& layout, const std::filesystem::path& path) {
  static std::atomic<uint64_t> counter{0};
  const std::filesystem::path trash = layout.staging(absl::StrCat("deleted-", ::getpid(), "-", counter.fetch_add(1)));
  SB_RETURN_IF_ERROR(CreateDirectories(trash.parent_path()));
  if (::rename(path.c_str(), trash.c_str()) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus(errno, "move away", path);
  }
  return RemoveAll(trash);
}

}  // namespace seedbed::api
