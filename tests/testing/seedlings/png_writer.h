// Pictures to PNG files.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/image/image.h"

namespace seedbed::testing {

// 8-bit RGB, compressed fast rather than small.
absl::StatusOr<std::string> EncodePng(const image::Image& image);
// Not durable: a test's or demo's file may be lost with the power.
absl::Status WritePng(const std::filesystem::path& path, const image::Image& image);

}  // namespace seedbed::testing
