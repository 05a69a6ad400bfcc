// The images of a dataset as the model tasks use them: which rows, and their pixels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/manifest.h"
#include "core/dataset/split_table.h"
#include "core/image/decoded_cache.h"
#include "core/image/preprocessing.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct LabelledDataset {
  dataset::Manifest manifest;
  std::string sha256;  // of the manifest
  std::optional<dataset::SplitTable> split;

  // Rows of a subset, ascending; without a split all rows are the subset "train".
  std::vector<uint32_t> RowsOf(std::string_view subset) const;
};

// `split_file` may be empty. Errors as ReadManifest and ReadSplitTable.
absl::StatusOr<LabelledDataset> OpenDataset(const std::filesystem::path& dataset_dir, const std::filesystem::path& split_file);

// The rows of a subset; of the subset "train", which is all, when there is no split. INVALID_ARGUMENT naming the subsets there are when it
// has no image.
absl::StatusOr<std::vector<uint32_t>> RowsOfSubset(const LabelledDataset& dataset, const std::string& name, const std::string& subset);

// The same, but with a split and no subset named: the rows of all its subsets, ascending.
absl::StatusOr<std::vector<uint32_t>> RowsOfAnySubset(const LabelledDataset& dataset, const std::string& name, const std::string& subset);

// Compute threads of the task: `wanted`, or the profile's when that is 0; at least 1.
int ComputeThreads(int wanted, const TaskContext& context);

// Compares the rows with their files, as decoding does. Errors as dataset::CheckAllUnchanged.
absl::Status CheckFiles(const LabelledDataset& dataset, std::span<const uint32_t> rows, int threads, const TaskContext& context);

// Row i of the result is the picture of manifest row rows[i], from the decoded cache or decoded now. Reports progress, counts what is kept
// as work done (marks up to rows.size()), and logs how many were in the cache. Errors as dataset::LoadDecodedRows.
absl::StatusOr<std::unique_ptr<image::DecodedRows>> DecodeImages(const LabelledDataset& dataset, std::span<const uint32_t> rows,
                                                                 const image::Preprocessing& preprocessing, int threads,
                                                                 TaskContext& context);

// Pictures of a few rows, in their order, as DecodeImages has them; says nothing of it. Errors as dataset::LoadDecodedRows.
absl::StatusOr<std::vector<image::Image>> ReadPictures(const LabelledDataset& dataset, std::span<const uint32_t> rows,
                                                       const image::Preprocessing& preprocessing, const TaskContext& context);
image::Image PictureOf(const image::DecodedRows& rows, size_t row, const image::Preprocessing& preprocessing);

}  // namespace seedbed::tasks
