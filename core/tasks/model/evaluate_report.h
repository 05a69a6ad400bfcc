// The report of an evaluate job.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/tasks/model/evaluate.h"
#include "core/tasks/model/judgement_report.h"
#include "core/tasks/model/labelled_images.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct EvaluationTimes {
  std::chrono::duration<double> decode{0};
  std::chrono::duration<double> judge{0};
};

// Writes report.html to artifacts_dir.
absl::Status PublishEvaluationReport(const EvaluateSpec& spec, const LabelledDataset& dataset, const JudgedImages& judged,
                                     const std::string& weights_sha256, const EvaluationTimes& times, TaskContext& context);

}  // namespace seedbed::tasks
