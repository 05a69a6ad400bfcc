// Where the programs of Seedbed lie.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

namespace seedbed::cli {

// The folder of this program's file; the others lie beside it.
absl::StatusOr<std::filesystem::path> ProgramFolder();

}  // namespace seedbed::cli
