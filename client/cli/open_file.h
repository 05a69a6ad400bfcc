// Showing a file on the desktop.
#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace seedbed::cli {

// Opens the file with the program that the desktop has for it (xdg-open). FAILED_PRECONDITION where no desktop is there, as over ssh, or
// where it cannot open the file.
absl::Status OpenOnDesktop(const std::filesystem::path& file);

}  // namespace seedbed::cli
