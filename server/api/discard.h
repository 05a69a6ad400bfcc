// Removes files whose records are gone.
#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "server/store/data_layout.h"

namespace seedbed::api {

// Moves the file or folder out of the way at once, below staging/, then removes it: its name is free again immediately, and what a crash
// leaves is no dataset or model any more. A missing one is OK.
absl::Status Discard(const store::DataLayout& layout, const std::filesystem::path& path);

}  // namespace seedbed::api
