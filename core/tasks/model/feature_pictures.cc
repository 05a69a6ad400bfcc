#include "core/tasks/model/feature_pictures.h"

#include "core/base/status_macros.h"

namespace seedbed::tasks {

absl::StatusOr<FeaturePictures> FeaturePictures::Open(const std::filesystem::path& dataset_dir) {
  FeaturePictures pictures;
  if (dataset_dir.empty()) return pictures;
  absl::StatusOr<LabelledDataset> dataset = OpenDataset(dataset_dir, "");
  if (absl::IsNotFound(dataset.status())) return pictures;
  SB_RETURN_IF_ERROR(dataset.status());
  pictures.dataset_ = *std::move(dataset);
  const std::vector<dataset::ManifestRow>& images = pictures.dataset_->manifest.rows;
  for (size_t i = 0; i < images.size(); ++i) pictures.rows_.emplace(images[i].path, static_cast<uint32_t>(i));
  return pictures;
}

std::optional<uint32_t> FeaturePictures::ManifestRow(const features::FeatureSetInfo& set, size_t row) const {
  const auto found = rows_.find(set.paths[row]);
  if (found == rows_.end() || dataset_->manifest.rows[found->second].sha256 != set.sha256[row]) return std::nullopt;
  return found->second;
}

}  // namespace seedbed::tasks
