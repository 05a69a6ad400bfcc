// The edit_model job: a model in, the same without its last layers out.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "core/tasks/model/train.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

// Drops the last `count` layers, as `model.layers.pop()` does in Keras.
struct PopLayers {
  int count = 1;
};
// Makes `layer` the output and drops what it does not need.
struct CutLayer {
  std::string layer;
};

struct EditModelSpec {
  std::string model;
  int model_version = 1;
  std::filesystem::path model_dir;
  std::string output;  // name of the model to make
  int output_version = 1;
  std::variant<PopLayers, CutLayer> edit;
};

struct EditModelResult {
  TrainResult model;  // as training tells it, but without metrics
};

// Writes model.json and model.safetensors to output_dir. The new model has classes only while it ends in the softmax over them.
// INVALID_ARGUMENT naming the nearest layer for an unknown one, or when nothing would be left.
absl::StatusOr<EditModelResult> RunEditModel(const EditModelSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
