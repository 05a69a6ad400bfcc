// The secret by which a worker proves that a server of this data root started it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace seedbed::workers {

// Reads the token from `file`, or makes one (256 random bits, mode 0600) when there is none or others may read it. The file outlives the
// server, so that a later one recognises the workers of an earlier.
absl::StatusOr<std::string> LoadOrCreateToken(const std::filesystem::path& file);

// In a time that does not tell where they differ.
bool SameToken(std::string_view presented, std::string_view expected);

}  // namespace seedbed::workers
