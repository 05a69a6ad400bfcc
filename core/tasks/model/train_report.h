// What a training leaves for people to look at: report.html, and its curves for TensorBoard.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/evaluate/evaluation.h"
#include "core/evaluate/report.h"
#include "core/nn/model_file.h"
#include "core/tasks/model/train.h"
#include "core/tasks/model/train_inputs.h"
#include "core/tasks/model/train_record.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

inline constexpr char kTensorBoardFolder[] = "tensorboard";

// What the published weights made of the validation images.
struct ValidationJudgement {
  evaluate::Evaluation evaluation;
  std::vector<evaluate::Prediction> predictions;
};

struct FinishedTraining {
  const TrainSpec& spec;
  const TrainInputs& inputs;
  const TrainRows& rows;
  size_t row_values;  // of each of these
  const nn::SavedModel& model;
  const TrainResult& result;
  const TrainingRecord& record;
  const std::optional<ValidationJudgement>& validation;
};

// Writes report.html to artifacts_dir. Pictures that can no longer be read are left out, with a warning.
absl::Status PublishTrainingReport(const FinishedTraining& training, TaskContext& context);

// Writes a file for TensorBoard below artifacts_dir: loss, accuracy, val_loss, val_accuracy and lr of each epoch, and some training images
// of each class. The same but for the times for equal trainings.
absl::Status PublishTensorBoard(const FinishedTraining& training, TaskContext& context);

}  // namespace seedbed::tasks
