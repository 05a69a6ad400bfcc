#include "core/tasks/look/explored_set.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {

absl::StatusOr<ExploredSet> ExploredSet::Open(const ExploreSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const features::FeatureSet set, features::FeatureSet::Open(spec.features_dir));
  const auto go_on = [&context] { return !context.cancelled(); };
  SB_ASSIGN_OR_RETURN(features::FeatureRows rows, set.Map(context.paths().cache_dir, go_on));
  SB_ASSIGN_OR_RETURN(FeaturePictures pictures, FeaturePictures::Open(spec.dataset_dir));
  return ExploredSet(spec.features, set.info(), std::move(rows), std::move(pictures));
}

std::string ExploredSet::Origin() const {
  const std::string pool = info_.pool == features::Pool::kNone ? "" : absl::StrCat(", pool ", ToAbsl(features::PoolName(info_.pool)));
  return absl::StrCat("layer ", info_.layer, " of ", info_.model, " (", info_.arch, ")", pool, ", ", info_.row_values(), " values");
}

explore::RowSource ExploredSet::rows() const {
  return {.count = rows_.size(), .values = info_.row_values(), .row = [this](size_t row) { return rows_.row(row); }};
}

absl::StatusOr<std::vector<image::Image>> ExploredSet::Pictures(std::span<const uint32_t> rows, TaskContext& context) const {
  std::vector<image::Image> pictures(rows.size());
  std::vector<uint32_t> there;  // rows of the manifest
  std::vector<size_t> places;   // their pictures'
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::optional<uint32_t> row = pictures_.ManifestRow(info_, rows[i]);
    if (!row) continue;
    there.push_back(*row);
    places.push_back(i);
  }
  if (there.size() < rows.size()) {
    const std::string missing = Counted(static_cast<int64_t>(rows.size() - there.size()), "picture");
    Warn("pictures_missing", absl::StrCat(missing, " of dataset ", info_.dataset, " cannot be shown: the dataset has been deleted"),
         context);
  }
  if (there.empty()) return pictures;
  SB_ASSIGN_OR_RETURN(const auto decoded,
                      DecodeImages(*pictures_.dataset(), there, info_.preprocessing, ComputeThreads(0, context), context));
  for (size_t i = 0; i < there.size(); ++i) {
    const std::span<const uint8_t> pixels = decoded->row(i);
    pictures[places[i]] = {info_.preprocessing.width, info_.preprocessing.height, {pixels.begin(), pixels.end()}};
  }
  return pictures;
}

}  // namespace seedbed::tasks
