// What a training came to, as events, model.json and history.csv tell it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/nn/model_file.h"
#include "core/tasks/model/train.h"
#include "core/tasks/model/train_inputs.h"
#include "core/tasks/model/train_network.h"
#include "core/train/checkpoint.h"
#include "nlohmann/json.hpp"

namespace seedbed::tasks {

// What is the same in each epoch of a training.
struct EpochPlan {
  int epochs = 0;
  int64_t images = 0;
  int64_t val_images = 0;
};
EpochMetrics MetricsFrom(const train::EpochRecord& record, const EpochPlan& plan);

// How a model came about, beside its spec.
struct TrainingRecord {
  nlohmann::json inputs;  // TrainInputs::Record
  int64_t training_images = 0;
  int64_t validation_images = 0;
  BackboneOrigin backbone;
  std::optional<FrozenUse> frozen;
  ExecutionProfile profile;  // as it was used
  int epoch = 0;             // whose weights the model has
  int best_epoch = 0;
  std::vector<train::EpochRecord> history;
};

// "training" of model.json (core/nn/model_file.h).
nlohmann::json TrainingJson(const TrainSpec& spec, const nn::SavedModel& model, const TrainingRecord& record);

// Columns epoch, loss, accuracy, val_loss, val_accuracy, lr, seconds, images_per_second; no value where there is no validation.
std::string HistoryCsv(std::span<const train::EpochRecord> history);

}  // namespace seedbed::tasks
