#include "core/tasks/model/labelled_images.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/dataset/decoded_rows.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {

image::Geometry GeometryOf(const image::Preprocessing& preprocessing) {
  return {preprocessing.width, preprocessing.height, preprocessing.interpolation, preprocessing.steps};
}

}  // namespace

std::vector<uint32_t> LabelledDataset::RowsOf(std::string_view subset) const {
  if (split) return split->RowsOf(subset);
  std::vector<uint32_t> rows(subset == "train" ? manifest.rows.size() : 0);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

absl::StatusOr<LabelledDataset> OpenDataset(const std::filesystem::path& dataset_dir, const std::filesystem::path& split_file) {
  LabelledDataset dataset;
  SB_ASSIGN_OR_RETURN(dataset.manifest, dataset::ReadManifest(dataset_dir));
  dataset.sha256 = dataset::ManifestDigest(dataset.manifest);
  if (!split_file.empty()) {
    SB_ASSIGN_OR_RETURN(dataset.split, dataset::ReadSplitTable(split_file, dataset.sha256, dataset.manifest.rows.size()));
  }
  return dataset;
}

absl::StatusOr<std::vector<uint32_t>> RowsOfSubset(const LabelledDataset& dataset, const std::string& name, const std::string& subset) {
  std::vector<uint32_t> rows = dataset.RowsOf(dataset.split ? subset : "train");
  if (!rows.empty()) return rows;
  if (!dataset.split) return absl::InvalidArgumentError(absl::StrCat("dataset '", name, "' has no image"));
  return absl::InvalidArgumentError(
      absl::StrCat("the split has no image in a subset '", subset, "'; its subsets are ", absl::StrJoin(dataset.split->subsets, ", ")));
}

absl::StatusOr<std::vector<uint32_t>> RowsOfAnySubset(const LabelledDataset& dataset, const std::string& name, const std::string& subset) {
  if (!dataset.split || !subset.empty()) return RowsOfSubset(dataset, name, subset);
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < dataset.split->subset_of_row.size(); ++row) {
    if (dataset.split->subset_of_row[row] >= 0) rows.push_back(static_cast<uint32_t>(row));
  }
  if (rows.empty()) return absl::InvalidArgumentError(absl::StrCat("the split of dataset '", name, "' has no image"));
  return rows;
}

int ComputeThreads(int wanted, const TaskContext& context) { return std::max(1, wanted > 0 ? wanted : context.profile().threads); }

absl::Status CheckFiles(const LabelledDataset& dataset, std::span<const uint32_t> rows, int threads, const TaskContext& context) {
  ThreadPool pool(static_cast<size_t>(std::max(1, threads - 1)));  // the calling thread checks too
  const auto go_on = [&context] { return !context.cancelled(); };
  return dataset::CheckAllUnchanged(dataset.manifest, rows, context.paths().objects_dir, &pool, go_on);
}

absl::StatusOr<std::unique_ptr<image::DecodedRows>> DecodeImages(const LabelledDataset& dataset, std::span<const uint32_t> rows,
                                                                 const image::Preprocessing& preprocessing, int threads,
                                                                 TaskContext& context) {
  const image::Geometry geometry = GeometryOf(preprocessing);
  image::DecodedCache cache(context.paths().cache_dir, context.paths().cache_max_bytes);
  ThreadPool pool(static_cast<size_t>(std::max(1, threads - 1)));  // the calling thread decodes too
  ImageProgress progress("decode", context);
  std::atomic<size_t> missing{0};
  const auto on_progress = [&](size_t done, size_t total) {
    missing = total;
    return progress.Update(done, total);
  };
  const auto on_kept = [&context](size_t kept) { context.Checkpointed(static_cast<int64_t>(kept)); };
  const auto go_on = [&context] { return !context.cancelled(); };
  auto decoded =
      dataset::LoadDecodedRows(dataset.manifest, rows, context.paths().objects_dir, geometry, &cache, &pool, go_on, on_progress, on_kept);
  SB_RETURN_IF_ERROR(decoded.status());
  Log("decoded",
      absl::StrCat("decoded ", Counted(static_cast<int64_t>(missing.load()), "image"), " to ", geometry.width, "x", geometry.height, "; ",
                   rows.size() - std::min(rows.size(), missing.load()), " were in the cache"),
      context);
  return decoded;
}

absl::StatusOr<std::vector<image::Image>> ReadPictures(const LabelledDataset& dataset, std::span<const uint32_t> rows,
                                                       const image::Preprocessing& preprocessing, const TaskContext& context) {
  image::DecodedCache cache(context.paths().cache_dir, context.paths().cache_max_bytes);
  ThreadPool pool(1);
  const auto go_on = [&context] { return !context.cancelled(); };
  const auto on_progress = [&go_on](size_t, size_t) { return go_on(); };
  SB_ASSIGN_OR_RETURN(const auto decoded, dataset::LoadDecodedRows(dataset.manifest, rows, context.paths().objects_dir,
                                                                   GeometryOf(preprocessing), &cache, &pool, go_on, on_progress));
  std::vector<image::Image> pictures;
  for (size_t i = 0; i < rows.size(); ++i) pictures.push_back(PictureOf(*decoded, i, preprocessing));
  return pictures;
}

image::Image PictureOf(const image::DecodedRows& rows, size_t row, const image::Preprocessing& preprocessing) {
  const std::span<const uint8_t> pixels = rows.row(row);
  return {.width = preprocessing.width, .height = preprocessing.height, .rgb = {pixels.begin(), pixels.end()}};
}

}  // namespace seedbed::tasks
