// Numbers, sizes and times as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace seedbed::cli {

// "4,606".
std::string FormatCount(int64_t count);
// "16 images", "1 image".
std::string FormatCountOf(int64_t count, std::string_view noun);
// "311.0 MB", in powers of 1000; "512 B".
std::string FormatBytes(int64_t bytes);
// "< 1 ms", "12 ms", "0.8 s", "42 s", "3 min 05 s", "2 h 10 min", "4 d 3 h".
std::string FormatElapsed(absl::Duration duration);
// "3 min ago", "in 5 s", "2 d ago"; "-" for an absent time.
std::string FormatRelativeTime(const google::protobuf::Timestamp* time, absl::Time now);
// "2026-11-23T18:03:53Z"; "-" for an absent time.
std::string FormatIsoTime(const google::protobuf::Timestamp* time);
absl::Time ToTime(const google::protobuf::Timestamp& time);

// "30s", "1h30m", "500ms"; a plain number is seconds. INVALID_ARGUMENT for anything else, and for nothing or less.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

// Columns that a text takes on a terminal (code points; good for what people call their classes).
size_t DisplayWidth(std::string_view text);

}  // namespace seedbed::cli
