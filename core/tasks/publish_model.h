// A model that a task made, and what is told of it.
#pragma once

#include "absl/status/statusor.h"
#include "core/nn/model_file.h"
#include "core/tasks/task_context.h"
#include "core/tasks/train.h"

namespace seedbed::tasks {

// All that follows from the model alone.
TrainResult ResultOf(const nn::SavedModel& model);

// Writes model.json and model.safetensors to output_dir.
absl::StatusOr<TrainResult> PublishModel(const nn::SavedModel& model, TaskContext& context);

// Bytes of the files in a folder, however deep.
absl::StatusOr<int64_t> BytesBelow(const std::filesystem::path& folder);

}  // namespace seedbed::tasks
