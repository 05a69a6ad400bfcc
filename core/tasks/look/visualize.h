// The visualize job: pictures of a dataset on a contact sheet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/image/resize.h"
#include "core/tasks/look/picture_artifact.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

enum class View { kSamples, kAugment, kBackground };

struct VisualizeSpec {
  View view = View::kSamples;
  std::string dataset;
  int dataset_version = 1;
  std::filesystem::path dataset_dir;
  std::string split;                 // empty: all images
  std::filesystem::path split_file;  // likewise
  std::string subset;                // empty: the images of all subsets
  std::vector<std::string> images;   // paths within the dataset; empty: some are chosen
  int count = 6;                     // of each class for samples, else in all
  uint64_t seed = 0;                 // of what is chosen and of what augment draws: the training's
  int width = 150;                   // pixels
  int height = 150;
  image::Filter interpolation = image::Filter::kBilinear;
  std::string pipeline;  // JSON lists (core/augment/pipeline.h); empty: none
  std::string augment;   // kAugment only
  int variants = 1;      // kAugment only: of how many epochs
  bool steps = false;    // kAugment only: a column after each step
  bool suggest = false;  // kBackground only: with colours proposed from the images
};

struct VisualizeResult {
  PictureArtifact sheet;
  int images = 0;
  std::string suggestion;  // with `suggest`: the proposed step, as JSON
};

// Leaves an artifact <dataset>-<view>.png:
//   samples     the images of each class, as training sees them without augmentation
//   augment     each image beside the pictures that the first epochs of a training with that seed see, pixel for pixel
//   background  each image beside its mask and its foreground; the remove_background of the pipeline, else the one with its defaults
// INVALID_ARGUMENT for an image that is not there, an unknown step or setting, a size that a step does not take, and a sheet that would be
// too large, all before anything is decoded. FAILED_PRECONDITION for files that changed; CANCELLED.
absl::StatusOr<VisualizeResult> RunVisualize(const VisualizeSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
