#include "server/jobs/field_checks.h"

#include <algorithm>
#include <filesystem>

#include "core/base/names.h"
#include "core/graph/architectures.h"
#include "server/jobs/job_names.h"

namespace seedbed::jobs {
namespace {

constexpr size_t kMaxPathBytes = 4096;
constexpr int64_t kSecondsPerDay = 86'400;

}  // namespace

absl::Status CheckName(std::string_view field, std::string_view what, const std::string& name) {
  if (name.empty()) return FieldError(field, absl::StrCat("is empty; name the ", ToAbsl(what)));
  return AtField(field, CheckResourceName(what, name));
}

absl::Status CheckOptionalName(std::string_view field, std::string_view what, const std::string& name) {
  return name.empty() ? absl::OkStatus() : CheckName(field, what, name);
}

absl::Status CheckModelReference(std::string_view field, const std::string& text) {
  return AtField(field, ParseModelReference(text).status());
}

absl::Status CheckLength(std::string_view field, const std::string& text, size_t max_bytes) {
  if (text.size() <= max_bytes) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is longer than ", max_bytes, " bytes"));
}

absl::Status CheckPath(std::string_view field, const std::string& path) {
  if (path.size() > kMaxPathBytes || path.find('\0') != std::string::npos) return FieldError(field, "is not a path");
  const std::filesystem::path parsed(path);
  if (!parsed.is_absolute()) {
    return FieldError(field, absl::StrCat(Quoted(path), " must be absolute: the server has its own working folder"));
  }
  if (std::find(parsed.begin(), parsed.end(), "..") != parsed.end()) {
    return FieldError(field, absl::StrCat(Quoted(path), " must not contain '..'"));
  }
  return absl::OkStatus();
}

absl::Status CheckDuration(std::string_view field, const google::protobuf::Duration& duration, int64_t max_days) {
  const bool whole = duration.seconds() >= 0 && duration.nanos() >= 0 && duration.nanos() < 1'000'000'000;
  if (whole && (duration.seconds() > 0 || duration.nanos() > 0) && duration.seconds() < max_days * kSecondsPerDay) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must be over 0 and below ", max_days, " days"));
}

absl::Status CheckArchitecture(std::string_view field, const std::string& name) {
  if (name.size() > 100) return FieldError(field, absl::StrCat("is ", Quoted(name), ", which is no architecture"));
  return AtField(field, graph::FindArchitecture(name).status());
}

}  // namespace seedbed::jobs
