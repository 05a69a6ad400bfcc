// The index job: labelled image files in, a dataset version out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct IndexSpec {
  std::string dataset;
  int version = 1;
  std::filesystem::path root;  // folder to index in place; empty when an upload
  std::string listing_sha256;  // object with lines "<sha256>\t<path>"
  bool follow_links = false;
};

struct ClassCount {
  std::string name;
  int64_t images = 0;
};

struct IndexResult {
  int64_t images = 0;
  int64_t bytes = 0;
  int64_t rejected = 0;
  std::vector<ClassCount> classes;
  int64_t duplicate_groups = 0;
  int64_t near_duplicate_pairs = 0;
  std::string manifest_sha256;
};

// Writes dataset.json, manifest.tsv and rejected.tsv to output_dir, and rejected.tsv, duplicates.tsv and near_duplicates.tsv to
// artifacts_dir when they have rows. Emits the log line "Found N images belonging to K classes." INVALID_ARGUMENT when the folder has no
// class folder, or none of its images can be read.
absl::StatusOr<IndexResult> RunIndex(const IndexSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
