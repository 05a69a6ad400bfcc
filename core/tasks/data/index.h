// The index job: labelled image files in, a dataset version out.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "core/tasks/data/dataset_version.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct IndexSpec {
  std::string dataset;
  int version = 1;
  std::filesystem::path root;  // folder to index in place; empty when an upload
  std::string listing_sha256;  // object with lines "<sha256>\t<path>"
  bool follow_links = false;
};

using IndexResult = DatasetSummary;

// Makes a version as RecordVersion does. INVALID_ARGUMENT when the folder has no class folder, or none of its images can be read.
absl::StatusOr<IndexResult> RunIndex(const IndexSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
