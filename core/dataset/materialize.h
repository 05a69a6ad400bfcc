// A divided dataset laid out as folders: DIR/<subset>/<class>/<file>, ready for Keras's flow_from_directory and its like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "absl/status/statusor.h"
#include "core/dataset/manifest.h"
#include "core/dataset/split_table.h"

namespace seedbed::dataset {

enum class Placement {
  kCopy,
  kLink,  // hard links; a copy where the file system refuses, and for uploads, whose stored contents must not be reachable for edits
  kMove,  // takes the files out of the dataset's folder; the dataset then finds them in DIR
};

struct MaterializeOptions {
  std::filesystem::path folder;  // absolute, without ".."
  Placement placement = Placement::kCopy;
  std::filesystem::path dataset_dir;  // of the manifest; moves are recorded there
  std::filesystem::path objects;      // of uploaded files
  // After each file; false ends with CANCELLED. What is laid out stays.
  std::function<bool(size_t done, size_t total)> on_progress = [](size_t, size_t) { return true; };
};

struct Materialized {
  int64_t files = 0;
  int64_t copied_instead = 0;  // of kLink
};

// Lays out all rows that are in a subset. Folders below a class folder are kept; a name that is taken already gets "-2", "-3", ...
//
// May be run again after it was interrupted at any point, and then goes on: each file appears whole, by rename, and a hidden file in DIR
// says which layout it holds. INVALID_ARGUMENT when DIR holds anything else, lies in the dataset's folder or around it, and for moves of
// uploads and of files reached through linked folders; FAILED_PRECONDITION or NOT_FOUND when an image changed since it was indexed.
absl::StatusOr<Materialized> Materialize(const Manifest& manifest, const SplitTable& table, const MaterializeOptions& options);

}  // namespace seedbed::dataset
