// One server per data root.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "server/store/data_layout.h"

namespace seedbed {

// Held until destruction or the process's end.
class DataRootLock {
 public:
  // UNAVAILABLE, naming the other server's process, when the data root is taken.
  static absl::StatusOr<DataRootLock> Acquire(const store::DataLayout& layout);

 private:
  explicit DataRootLock(FileLock lock) : lock_(std::move(lock)) {}
  FileLock lock_;
};

}  // namespace seedbed
