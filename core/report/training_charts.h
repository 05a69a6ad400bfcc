// The curves of trainings, as sections of a report: those of one, or of several over each other.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/report/report.h"

namespace seedbed::report {

// An epoch as the curves show it.
struct EpochPoint {
  double loss = 0;
  double accuracy = 0;
  std::optional<double> val_loss;
  std::optional<double> val_accuracy;
  double lr = 0;
  double seconds = 0;
};

struct TrainingCurves {
  std::string name;  // "baseline:3"; empty when there is only one
  std::vector<EpochPoint> epochs;
};

// "Loss" and "Accuracy": validation solid and training dashed in the colour of their training; of one training, in two colours. Of more
// than a thousand epochs, evenly chosen ones and the last.
std::vector<Section> LossAndAccuracy(std::span<const TrainingCurves> trainings);

// "Learning rate".
Section LearningRate(std::span<const TrainingCurves> trainings);

// "Epochs": the same epochs' numbers as a table. `kept`: number of the epoch whose weights the model has.
Section EpochTable(const TrainingCurves& training, size_t kept);

}  // namespace seedbed::report
