// How the data tasks speak of images and duplicates: their warnings, log lines and tables.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/clock.h"
#include "core/dataset/manifest.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

// One warning for each code and task: the code is its key, so that a later attempt does not say it again.
void Warn(std::string_view code, std::string message, TaskContext& context);
void Log(std::string_view key, std::string message, TaskContext& context);

// Says that a file lies below artifacts_dir.
void AnnounceArtifact(std::string_view name, std::string_view media_type, TaskContext& context);
// Writes it as well.
absl::Status PublishArtifact(std::string_view name, std::string_view media_type, std::string_view content, TaskContext& context);
// The same for a table of tab-separated values (first line: column names).
absl::Status PublishTable(std::string_view name, std::string_view table, TaskContext& context);

// Reports progress of one phase, in images unless said otherwise, with the rate since it was made. Not thread-safe.
class ImageProgress {
 public:
  ImageProgress(std::string phase, TaskContext& context, std::string unit = "images");
  // False once the task is cancelled.
  bool Update(size_t done, size_t total);

 private:
  const std::string phase_;
  const std::string unit_;
  TaskContext& context_;
  const MonotonicTime start_;
};

// "1 image", "2 images".
std::string Counted(int64_t count, std::string_view noun);
// "'a.png' and 'b.png'" for a pair of rows.
std::string NamePair(const dataset::Manifest& manifest, std::pair<uint32_t, uint32_t> rows);
// The first few, joined by "; ", and how many there are beyond.
std::string FirstFew(std::span<const std::string> items);
// "Maize 3, Charlock 2" for classes whose count is not 0.
std::string PerClassText(const dataset::Manifest& manifest, std::span<const int64_t> per_class);

}  // namespace seedbed::tasks
