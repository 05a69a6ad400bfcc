// What reports of trainings and evaluations have in common: the data they used, how they were asked for, where and when they ran.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/dataset/manifest.h"
#include "core/report/report.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

inline constexpr char kReportName[] = "report.html";

// How many of a subset's images each class has.
struct SubsetBalance {
  std::string name;
  std::vector<int64_t> images;
};
// Of labels in [0, classes).
SubsetBalance BalanceOf(std::string name, std::span<const int32_t> labels, size_t classes);

report::Section ClassBalance(const std::vector<std::string>& classes, std::span<const SubsetBalance> subsets);

// Files that were left out when the dataset was made.
report::Section RejectedFiles(const std::vector<dataset::RejectedFile>& rejected);

// `spec`: the job's, as JSON.
report::Section Recipe(std::string spec);

using FactRows = std::vector<std::pair<std::string, std::string>>;
report::Section Timing(FactRows rows);
report::Section Provenance(FactRows rows);

// The digest of a split's file; "-" without one.
absl::StatusOr<std::string> SplitDigest(const std::filesystem::path& split_file);
FactRows ProfileRows(const ExecutionProfile& profile);

// Writes the report to artifacts_dir, with its footer, and logs its size and the time since `start`.
absl::Status PublishReport(report::Report report, MonotonicTime start, TaskContext& context);

}  // namespace seedbed::tasks
