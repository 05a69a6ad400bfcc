// The explore job: how the images of a feature set lie to each other, as a map, or as the nearest neighbours of some.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/explore/feature_map.h"
#include "core/explore/neighbours.h"
#include "core/tasks/look/picture_artifact.h"
#include "core/tasks/look/uploaded_images.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct FeatureMapSpec {
  explore::MapOptions options;
  bool pictures = false;  // small pictures instead of dots, where they have room
};

struct NeighboursSpec {
  std::vector<std::string> images;  // paths of images of the set
  std::vector<UploadedImage> uploads;
  int count = 8;
  explore::Distance distance = explore::Distance::kCosine;
};

struct ExploreSpec {
  std::string features;
  std::filesystem::path features_dir;
  std::filesystem::path dataset_dir;  // of the set's images; empty: the dataset has been deleted
  std::filesystem::path model_dir;    // of the network that made the features; with uploads only
  std::variant<FeatureMapSpec, NeighboursSpec> view;
};

struct FoundImage {
  std::string path;
  std::string class_name;
  double distance = 0;
};

struct NeighboursOf {
  std::string name;  // path or name of an upload
  std::vector<FoundImage> neighbours;
};

struct ExploreResult {
  PictureArtifact sheet;
  std::vector<std::string> files;  // the other artifacts
  int64_t images = 0;              // of the set
  std::vector<NeighboursOf> neighbours;
};

// Leaves artifacts:
//   map         <features>-map-<projection>.png, and .csv: path, class, x, y
//   neighbours  <features>-neighbours.png, and .csv: query, rank, path, class, distance
// Uploaded images go through the layers that made the features, prepared as their images were; one whose content is in the set is that
// image. An image of the set is not its own neighbour. Where the dataset is gone the pictures are missing, which a warning says.
// INVALID_ARGUMENT as explore::MakeFeatureMap and OpenUploads, and for an image that is not in the set, with the nearest name;
// FAILED_PRECONDITION for files that changed; CANCELLED.
absl::StatusOr<ExploreResult> RunExplore(const ExploreSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
