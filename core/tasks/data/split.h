// The split job: a dataset version in, a subset for each image out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct PerClass {
  int validation = 12;
  int test = 0;
};
struct Fraction {
  double validation = 0.1;
  double test = 0;
};
struct FromFolders {};

enum class MaterializeMode { kCopy, kLink, kMove };

struct SplitSpec {
  std::string dataset;
  int dataset_version = 1;
  std::filesystem::path dataset_dir;
  std::string name;
  std::variant<PerClass, Fraction, FromFolders> rule;
  uint64_t seed = 0;
  bool in_order = false;  // the first images of each class, shares rounded down, instead of drawn ones
  std::string group_by;   // regular expression; its first capture on the path names the group
  bool group_near = false;
  std::filesystem::path materialize_dir;  // empty: no
  MaterializeMode materialize_mode = MaterializeMode::kCopy;
};

struct SubsetCounts {
  std::string name;
  int64_t images = 0;
  std::vector<int64_t> per_class;
};

struct SplitResult {
  std::vector<SubsetCounts> subsets;
  std::string sha256;  // of the split file
  std::string rule;    // "12 per class, seed 0"
};

// Writes split.tsv to output_dir.
absl::StatusOr<SplitResult> RunSplit(const SplitSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
