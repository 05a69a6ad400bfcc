// The explain job: what a network sees in images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tasks/look/picture_artifact.h"
#include "core/tasks/look/uploaded_images.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

enum class AttributionMethod { kSaliency, kSmoothGrad, kIntegratedGradients, kGradCam, kOcclusion };

// Which pixels speak for a class.
struct AttributionSpec {
  std::optional<AttributionMethod> method;  // default: Grad-CAM where a layer has height and width, else saliency
  std::string class_name;                   // or its index; empty: the most probable one of each image
  int samples = 50;                         // kSmoothGrad
  double noise = 0.15;                      // kSmoothGrad: share of the input's range
  uint64_t seed = 0;                        // kSmoothGrad
  int steps = 50;                           // kIntegratedGradients
  std::string layer;                        // kGradCam; empty: the last one with height and width
  int window = 0;                           // kOcclusion, pixels; 0: an eighth of the shorter side
  int stride = 0;                           // kOcclusion, pixels; 0: half of the window
};

// What a layer makes of an image.
struct ActivationSpec {
  std::string layer;          // empty: the last one with height and width
  std::vector<int> channels;  // empty: the first `count`
  int count = 64;
};

struct ExplainSpec {
  std::string model;
  int model_version = 0;
  std::filesystem::path model_dir;
  std::string dataset;  // of `images`; empty without them
  int dataset_version = 0;
  std::filesystem::path dataset_dir;
  std::vector<std::string> images;     // paths within the dataset
  std::vector<UploadedImage> uploads;  // shown after them
  std::variant<AttributionSpec, ActivationSpec> view;
};

struct ExplainedImage {
  std::string name;        // path in the dataset, or the name it was sent with
  std::string class_name;  // that is explained, or for activations the most probable one; empty for a network without classes
  double probability = 0;
  std::vector<std::string> files;  // below artifacts_dir, what people look at first
};

struct ExplainResult {
  PictureArtifact sheet;  // the first of several
  std::vector<ExplainedImage> images;
};

// Leaves, for an attribution, sheets <model>-<method>.png, -2.png ... of 24 images each, and for each image
//   <image>-<method>-overlay.png  the map over the picture
//   <image>-<method>.png          the map in colours
//   <image>-<method>.npy          the map's numbers: float32 (height, width) of the network's input
// and for activations a sheet <image>-<layer>.png for each image. Everything that can be told without computing is checked first:
// INVALID_ARGUMENT for an image that is not there or no image, an unknown class, layer or channel, a layer without height and width,
// Grad-CAM for a network without such layers, a window larger than the picture, and activations too many for a sheet. Errors of images as
// DecodeImages and OpenUploads; CANCELLED within one batch.
absl::StatusOr<ExplainResult> RunExplain(const ExplainSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
