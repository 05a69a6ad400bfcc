#include "server/store/data_layout.h"

#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::store {
namespace {

// Job inputs, tokens and sockets are nobody else's business.
absl::Status MakePrivate(const std::filesystem::path& folder) {
  if (::chmod(folder.c_str(), 0700) != 0) return ErrnoStatus(errno, "make private", folder);
  return absl::OkStatus();
}

}  // namespace

absl::Status DataLayout::Create() const {
  for (const char* folder :
       {"run", "objects", "datasets", "splits", "models", "features", "artifacts", "cache", "staging", "checkpoints"}) {
    SB_RETURN_IF_ERROR(CreateDirectories(root_ / folder));
  }
  SB_RETURN_IF_ERROR(MakePrivate(root_));
  return MakePrivate(root_ / "run");
}

}  // namespace seedbed::store
