#include "core/tasks/data/dataset_events.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::tasks {
namespace {

constexpr size_t kFew = 3;

}  // namespace

void Warn(std::string_view code, std::string message, TaskContext& context) {
  context.Emit({absl::StrCat("warning/", ToAbsl(code)), Warning{std::string(code), std::move(message)}});
}

void Log(std::string_view key, std::string message, TaskContext& context) {
  context.Emit({absl::StrCat("log/", ToAbsl(key)), LogLine{std::move(message)}});
}

void AnnounceArtifact(std::string_view name, std::string_view media_type, TaskContext& context) {
  context.Emit({absl::StrCat("artifact/", ToAbsl(name)), Artifact{std::string(name), std::string(media_type)}});
}

absl::Status PublishArtifact(std::string_view name, std::string_view media_type, std::string_view content, TaskContext& context) {
  SB_RETURN_IF_ERROR(PublishFile(context.paths().artifacts_dir / std::string(name), content));
  AnnounceArtifact(name, media_type, context);
  return absl::OkStatus();
}

absl::Status PublishTable(std::string_view name, std::string_view table, TaskContext& context) {
  return PublishArtifact(name, "text/tab-separated-values", table, context);
}

ImageProgress::ImageProgress(std::string phase, TaskContext& context, std::string unit)
    : phase_(std::move(phase)), unit_(std::move(unit)), context_(context), start_(SystemClock().Monotonic()) {}

bool ImageProgress::Update(size_t done, size_t total) {
  const double seconds = std::chrono::duration<double>(SystemClock().Monotonic() - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  context_.Report({phase_, static_cast<int64_t>(done), static_cast<int64_t>(total), unit_, rate});
  return !context_.cancelled();
}

std::string Counted(int64_t count, std::string_view noun) { return absl::StrCat(count, " ", ToAbsl(noun), count == 1 ? "" : "s"); }

std::string NamePair(const dataset::Manifest& manifest, std::pair<uint32_t, uint32_t> rows) {
  return absl::StrCat("'", manifest.rows[rows.first].path, "' and '", manifest.rows[rows.second].path, "'");
}

std::string FirstFew(std::span<const std::string> items) {
  const auto few = items.first(std::min(items.size(), kFew));
  std::string text = absl::StrJoin(few.begin(), few.end(), "; ");
  if (items.size() > kFew) absl::StrAppend(&text, "; and ", items.size() - kFew, " more");
  return text;
}

std::string PerClassText(const dataset::Manifest& manifest, std::span<const int64_t> per_class) {
  std::vector<std::string> parts;
  for (size_t label = 0; label < per_class.size(); ++label) {
    if (per_class[label] != 0) parts.push_back(absl::StrCat(manifest.classes[label], " ", per_class[label]));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace seedbed::tasks
