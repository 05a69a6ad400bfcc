// Values with units, as people write them in settings: "15s", "512MiB".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace seedbed::config {

// "200ms", "15s", "1.5m", "2h", "1d"; a plain number is seconds. INVALID_ARGUMENT says what is accepted. Never negative.
absl::StatusOr<std::chrono::nanoseconds> ParseDuration(std::string_view text);
// "512MiB", "20GiB", "64kB", "1.5GB"; a plain number is bytes. INVALID_ARGUMENT says what is accepted. Never negative.
absl::StatusOr<int64_t> ParseBytes(std::string_view text);

// In the largest unit that gives a whole number; ParseDuration and ParseBytes read it back exactly.
std::string FormatDuration(std::chrono::nanoseconds duration);
std::string FormatBytes(int64_t bytes);

}  // namespace seedbed::config
