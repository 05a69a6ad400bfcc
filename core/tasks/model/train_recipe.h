// What a train spec asks for, checked and put into words.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/nn/model_file.h"
#include "core/tasks/model/train.h"
#include "core/train/optimizer.h"
#include "nlohmann/json.hpp"

namespace seedbed::tasks {

// INVALID_ARGUMENT naming the setting, its value and what is allowed.
absl::Status CheckRecipe(const TrainSpec& spec);
// INVALID_ARGUMENT for an unknown name, listing the known.
absl::StatusOr<train::OptimizerOptions> OptimizerFrom(const OptimizerSpec& spec);

// Every setting that decides the weights, for model.json and for the digest that binds checkpoints to their job.
// `model`: what is trained. The spec's augment must be a JSON list.
nlohmann::json RecipeJson(const TrainSpec& spec, const nn::SavedModel& model);

}  // namespace seedbed::tasks
