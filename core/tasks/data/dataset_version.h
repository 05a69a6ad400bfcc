// The last part of every job that makes a version of a dataset: files are read, compared and recorded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/folder_scan.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct ClassCount {
  std::string name;
  int64_t images = 0;
};

struct DatasetSummary {
  int64_t images = 0;
  int64_t bytes = 0;
  int64_t rejected = 0;
  std::vector<ClassCount> classes;
  int64_t duplicate_groups = 0;
  int64_t near_duplicate_pairs = 0;
  std::string manifest_sha256;
};

struct VersionSource {
  std::string root;    // folder of files in place; empty when they are in the object store
  std::string source;  // for messages: where the files come from
};

// Writes dataset.json, manifest.tsv and rejected.tsv to output_dir, and rejected.tsv, duplicates.tsv and near_duplicates.tsv to
// artifacts_dir when they have rows. Emits the log line "Found N images belonging to K classes." INVALID_ARGUMENT when none of the files
// can be read; else as dataset::InspectFiles.
absl::StatusOr<DatasetSummary> RecordVersion(const dataset::Candidates& candidates, const VersionSource& source, TaskContext& context);

}  // namespace seedbed::tasks
