// The map in a training's report: which images are alike to the layers that were not trained.
#pragma once

#include <cstddef>
#include <optional>

#include "absl/status/statusor.h"
#include "core/report/report.h"
#include "core/tasks/model/train_report.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

// So many images have a place, of more a sample: with so few rows principal components are found at once, and the map takes a tenth of a
// second or two.
inline constexpr size_t kMappedImages = 250;

// t-SNE of what the frozen layers make of the validation images, without those of the training images; what was taken for another class
// stands out. Nothing when the network is trained from its input on, when the features are made anew for each batch, when there are too few
// images, or when the task is to end.
absl::StatusOr<std::optional<report::Section>> FeatureMapSection(const FinishedTraining& training, TaskContext& context);

}  // namespace seedbed::tasks
