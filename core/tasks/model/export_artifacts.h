// The export job: a model or a feature set in, files that other programs read out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct ModelSource {
  std::string name;
  int version = 1;
  std::filesystem::path dir;
};
struct FeaturesSource {
  std::string name;
  std::filesystem::path dir;
};

struct ExportSpec {
  std::variant<ModelSource, FeaturesSource> source;
  std::string format;  // of a model: "safetensors", "torchscript"; of features: "npy", "csv"
};

struct ExportedFile {
  std::string name;  // below artifacts_dir
  std::string media_type;
  int64_t bytes = 0;
};

struct ExportResult {
  std::vector<ExportedFile> files;
};

// Leaves artifacts, named after the source:
//   safetensors  NAME.safetensors: the model's tensors, its classes and preprocessing as metadata
//   torchscript  NAME.pt: runs without Seedbed, by torch.jit.load; takes images as uint8 (batch, height, width, 3), prepares them as the
//                model says, and returns the logits
//   npy          NAME.features.npy, NAME.labels.npy, and NAME.csv with the images' paths, classes and SHA-256
//   csv          NAME.csv: path, class, sha256, then a column for each value
// INVALID_ARGUMENT for a format that the source does not have, naming those it has; CANCELLED.
absl::StatusOr<ExportResult> RunExport(const ExportSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
