// A model on disk: model.json says what it is, model.safetensors holds its numbers. Together they are all that serving needs.
//
// model.json: {"format": "seedbed-model", "format_version": 1, "arch", "classes": [names in index order], "preprocessing": {...,
// core/image/preprocessing.h}, "graph": [layers, core/graph/graph.h], "parameters", "trainable_parameters", "weights_sha256",
// "training": {...}}. "training" is a record for people and programs: dataset, settings, profile, metrics, history.
//
// model.safetensors: the graph's tensors by name, and the mean image as "preprocessing.mean_image" (height, width, 3) when one is
// subtracted. Its metadata repeats arch, classes and preprocessing, and nothing that differs between two equal trainings.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/image/preprocessing.h"
#include "core/nn/tensor.h"
#include "nlohmann/json.hpp"

namespace seedbed::nn {

inline constexpr char kModelJsonName[] = "model.json";
inline constexpr char kModelWeightsName[] = "model.safetensors";
inline constexpr char kMeanImageName[] = "preprocessing.mean_image";

struct SavedModel {
  std::string arch;
  graph::Graph graph;
  image::Preprocessing preprocessing;
  std::vector<std::string> classes;  // none for a network without top: one that does not end in a softmax
  TensorMap weights;                 // the graph's tensors
  std::vector<float> mean_image;     // HWC; empty unless preprocessing.center is kMeanImage
  nlohmann::json training = nlohmann::json::object();
};

// The tensors of model.safetensors; they point into `model`.
TensorViews StoredTensors(const SavedModel& model);
// WeightsSha256 over them.
std::string ModelSha256(const SavedModel& model);

// Writes both files into `folder`, each published atomically.
absl::Status WriteModel(const std::filesystem::path& folder, const SavedModel& model);
// Writes a safetensors file alone, for other weights of the same model.
absl::Status WriteModelWeights(const std::filesystem::path& file, const SavedModel& model);

// NOT_FOUND when a file is missing; DATA_LOSS naming the file when something is damaged or does not fit: classes and the last layer, input
// and preprocessing, tensors and graph, the digest; also for numbers that are not finite.
absl::StatusOr<SavedModel> ReadModel(const std::filesystem::path& folder);

}  // namespace seedbed::nn
