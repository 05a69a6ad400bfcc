// Checks of single fields, shared by the kinds of jobs. Errors are INVALID_ARGUMENT with the field in front and in the payload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/duration.pb.h"
#include "server/jobs/field_error.h"

namespace seedbed::jobs {

template <typename T>
absl::Status CheckRange(std::string_view field, T value, T low, T high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", value, ", it must be ", low, " to ", high));
}

// A valid resource name (core/base/names.h).
absl::Status CheckName(std::string_view field, std::string_view what, const std::string& name);
// The same, but it may be empty.
absl::Status CheckOptionalName(std::string_view field, std::string_view what, const std::string& name);
// NAME or NAME:VERSION.
absl::Status CheckModelReference(std::string_view field, const std::string& text);
// At most `max_bytes` long.
absl::Status CheckLength(std::string_view field, const std::string& text, size_t max_bytes);
// An absolute path without "..".
absl::Status CheckPath(std::string_view field, const std::string& path);
// Over 0 and below `max_days`.
absl::Status CheckDuration(std::string_view field, const google::protobuf::Duration& duration, int64_t max_days);
// The name of a known network (core/graph/architectures.h).
absl::Status CheckArchitecture(std::string_view field, const std::string& name);

// `value` unless it is the type's zero, which stands for the default.
template <typename T>
T ValueOr(T value, T fallback) {
  return value == T{} ? fallback : value;
}

}  // namespace seedbed::jobs
