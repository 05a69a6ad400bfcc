// The train job: images or stored features in, a model version out.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/image/preprocessing.h"
#include "core/tasks/model/preprocessing_spec.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct OptimizerSpec {
  std::string name = "sgd";  // "sgd" or "adam"
  double lr = 0.01;
  double momentum = 0;    // sgd
  bool nesterov = false;  // sgd
  double beta1 = 0.9;     // adam
  double beta2 = 0.999;
  double epsilon = 1e-7;
};

enum class Keep { kLast, kBest };

// Trains from images (dataset), or from the features of images (features). The network is, in this order: the initial model's; that of the
// weights without its top, or of the features up to their layer, with a head on it; the architecture's without its top, with the head; the
// whole architecture, when no head is given.
struct TrainSpec {
  std::string dataset;
  int dataset_version = 1;
  std::filesystem::path dataset_dir;  // with features: of the dataset that they are of, for pictures in the report; empty: it is gone
  std::string split;                  // name; empty: train on everything
  std::filesystem::path split_file;
  std::string features;  // name of a feature set; then there is no dataset
  std::filesystem::path features_dir;
  std::string val_features;  // empty: no validation
  std::filesystem::path val_features_dir;
  std::string arch;                    // empty: that of the weights, else "logistic"
  std::string weights;                 // NAME:VERSION of the model that the backbone comes from; with features: of the one that made them
  std::filesystem::path weights_dir;   // empty: random weights
  std::string head;                    // JSON list of layers (core/graph/edit.h); empty: the architecture's own
  std::vector<std::string> trainable;  // patterns of layer names (core/graph/edit.h); empty: "head" with weights, else "all"
  bool feature_cache = true;           // keep what the frozen layers make of each image; changes no bit of the result
  std::string model;
  int model_version = 1;
  int epochs = 10;
  int batch_size = 32;
  OptimizerSpec optimizer;
  PreprocessingSpec preprocessing;
  std::string augment;    // JSON list (core/augment/pipeline.h) of what is done to training images anew in each epoch; empty: nothing
  int augment_views = 0;  // with a frozen part: of each training image, which the epochs take in turn; 0: anew in each epoch
  uint64_t seed = 0;
  bool shuffle = true;
  Keep keep = Keep::kLast;
  std::filesystem::path initial_model_dir;  // empty: random weights
  std::chrono::milliseconds checkpoint_interval{30'000};
  int threads = 0;          // 0: the profile's
  std::string job = {};     // its id, for the report
  std::string recipe = {};  // the job's specification as JSON, for the report
};

struct LayerSummary {
  std::string name;
  std::string type;
  std::vector<int64_t> output_shape;  // without the batch dimension
  int64_t parameters = 0;
  bool trainable = false;
};

struct TrainResult {
  std::string arch;
  image::Preprocessing preprocessing;
  std::vector<std::string> classes;
  int64_t parameters = 0;
  int64_t trainable_parameters = 0;
  std::string weights_sha256;
  EpochMetrics metrics;  // of the epoch whose weights the model has
  int best_epoch = 0;
  std::vector<LayerSummary> layers;
  int64_t bytes = 0;            // of all files in output_dir
  std::string graph;            // the network, as model.json has it
  std::string frozen_layer;     // up to which nothing was trained; empty: there is none
  int64_t backbone_images = 0;  // whose output of that layer was computed
  int64_t cached_images = 0;    // whose output was in the feature cache
};

// Writes model.json, model.safetensors and best.safetensors to output_dir; history.csv, report.html and a file for TensorBoard (below
// tensorboard/) to artifacts_dir. Emits one event per epoch (key
// "epoch/N"). Resumes from the newest usable checkpoint in checkpoint_dir, with the same bits as if it had never stopped. When cancelled
// after at least one epoch it leaves the best weights as artifacts best/model.json and best/model.safetensors. A loss that is not finite is
// an error with reason DIVERGED naming epoch and batch.
absl::StatusOr<TrainResult> RunTrain(const TrainSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
