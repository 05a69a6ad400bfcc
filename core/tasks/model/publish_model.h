// A model that a task made, and what is told of it.
#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/statusor.h"
#include "core/nn/model_file.h"
#include "core/tasks/model/train.h"
#include "core/tasks/task_context.h"
#include "nlohmann/json.hpp"

namespace seedbed::tasks {

// All that follows from the model alone.
TrainResult ResultOf(const nn::SavedModel& model);

// Writes model.json and model.safetensors to output_dir.
absl::StatusOr<TrainResult> PublishModel(const nn::SavedModel& model, TaskContext& context);

// {"device", "instruction_set", "precision", "threads", "version"}: what a record says of how something was computed.
nlohmann::json ProfileJson(const ExecutionProfile& profile);

// Bytes of the files in a folder, however deep.
absl::StatusOr<int64_t> BytesBelow(const std::filesystem::path& folder);

}  // namespace seedbed::tasks
