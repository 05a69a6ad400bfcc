// The extract job: images and a net's weights in, what the net makes of each image at one of its layers out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/image/preprocessing.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct ExtractSpec {
  std::string dataset;
  int dataset_version = 1;
  std::filesystem::path dataset_dir;
  std::string split;  // name
  std::filesystem::path split_file;
  std::string subset;  // of the split; empty: all its subsets, or without a split all images of the dataset
  std::string model;   // whose weights
  int model_version = 1;
  std::filesystem::path model_dir;
  std::string arch;               // what the model must be; empty: whatever it is
  std::string layer;              // empty: the last before the top
  std::string pool = "none";      // "none", "avg", "max": over height and width of the layer's output
  std::string features;           // name of the set to make
  std::string dtype = "float32";  // "float32", "float16", "bfloat16"
  int width = 0;                  // pixels; 0: the model's
  int height = 0;
  std::optional<std::string> steps;  // instead of the model's, as PreprocessingSpec has them
  int batch_size = 32;
  int threads = 0;  // 0: the profile's
};

struct ExtractResult {
  int64_t images = 0;
  int64_t computed = 0;  // the others were in the feature cache
  std::vector<std::string> classes;
  std::string arch;
  std::string layer;
  std::vector<int64_t> shape;  // of one image's features
  std::string weights_sha256;  // of the model
  image::Preprocessing preprocessing;
  std::string backend;
  double images_per_second = 0;  // of those computed; 0: none was
  int64_t bytes = 0;             // of all files in output_dir
};

// Writes the feature set (core/features) to output_dir: a Zarr store that is this folder itself. Computed rows are kept in the feature
// cache a segment at a time, so that a later attempt goes on where this one ended. INVALID_ARGUMENT naming the nearest layer for an unknown
// one; CANCELLED within one batch.
absl::StatusOr<ExtractResult> RunExtract(const ExtractSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
