// A feature set as the explore job uses it. Private to that job.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/explore/row_source.h"
#include "core/features/feature_set.h"
#include "core/image/image.h"
#include "core/tasks/look/explore.h"
#include "core/tasks/model/feature_pictures.h"

namespace seedbed::tasks {

class ExploredSet {
 public:
  // Maps the features and opens the dataset, unless that is gone. Errors as features::FeatureSet.
  static absl::StatusOr<ExploredSet> Open(const ExploreSpec& spec, TaskContext& context);

  const std::string& name() const { return name_; }
  const features::FeatureSetInfo& info() const { return info_; }
  const std::string& path(uint32_t row) const { return info_.paths[row]; }
  const std::string& class_name(uint32_t row) const { return info_.classes[static_cast<size_t>(info_.labels[row])]; }
  // What the features are of, for a note: "layer top_bn of effnet:1 (efficientnet_lite0), 1280 values".
  std::string Origin() const;

  // Valid as long as the set.
  explore::RowSource rows() const;

  // For each row what the network saw of its image; of width 0 where the dataset does not have that image any more. Warns once of missing
  // ones. Errors as DecodeImages.
  absl::StatusOr<std::vector<image::Image>> Pictures(std::span<const uint32_t> rows, TaskContext& context) const;

 private:
  ExploredSet(std::string name, features::FeatureSetInfo info, features::FeatureRows rows, FeaturePictures pictures)
      : name_(std::move(name)), info_(std::move(info)), rows_(std::move(rows)), pictures_(std::move(pictures)) {}

  std::string name_;
  features::FeatureSetInfo info_;
  features::FeatureRows rows_;
  FeaturePictures pictures_;
};

// Of the explore job's two views.
absl::StatusOr<ExploreResult> DrawMap(const FeatureMapSpec& spec, const ExploredSet& set, TaskContext& context);
absl::StatusOr<ExploreResult> ListNeighbours(const NeighboursSpec& spec, const ExploreSpec& job, const ExploredSet& set,
                                             TaskContext& context);

}  // namespace seedbed::tasks
