// The pictures behind the rows of a feature set: those of its dataset, as long as that is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "core/features/feature_set_info.h"
#include "core/tasks/model/labelled_images.h"

namespace seedbed::tasks {

class FeaturePictures {
 public:
  // `dataset_dir`: of the set's dataset. When that is empty or no longer there, no row has a picture. Otherwise errors as OpenDataset.
  static absl::StatusOr<FeaturePictures> Open(const std::filesystem::path& dataset_dir);

  // The row of the manifest that has the image of a row of the set, with the content that the features were made of.
  std::optional<uint32_t> ManifestRow(const features::FeatureSetInfo& set, size_t row) const;

  // Null when it is gone.
  const LabelledDataset* dataset() const { return dataset_ ? &*dataset_ : nullptr; }

 private:
  std::optional<LabelledDataset> dataset_;
  std::unordered_map<std::string, uint32_t> rows_;  // of the manifest, by path
};

}  // namespace seedbed::tasks
