// From file names to rows of a manifest: each file is read, hashed and decoded once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/folder_scan.h"
#include "core/dataset/manifest.h"

namespace seedbed::dataset {

struct InspectOptions {
  std::filesystem::path root;     // of files in place
  std::filesystem::path objects;  // of uploaded files
  size_t threads = 1;
  // After each file, on any thread, one at a time; false ends with CANCELLED.
  std::function<bool(size_t done, size_t total)> on_progress = [](size_t, size_t) { return true; };
};

struct Inspection {
  std::vector<ManifestRow> rows;       // in the candidates' order, whatever the number of threads
  std::vector<RejectedFile> rejected;  // likewise
};

// Files that cannot be read or decoded are rejected with a reason. FAILED_PRECONDITION when uploaded contents are missing (naming the
// first), DATA_LOSS when a stored content is not what its digest says, RESOURCE_EXHAUSTED when the process is out of descriptors or memory.
absl::StatusOr<Inspection> InspectFiles(const Candidates& candidates, const InspectOptions& options);

}  // namespace seedbed::dataset
