// What a job is and what it made, between the protocol's words and core's. With convert_events.h the only place that knows both.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/tasks/evaluate.h"
#include "core/tasks/import_model.h"
#include "core/tasks/index.h"
#include "core/tasks/split.h"
#include "core/tasks/train.h"
#include "seedbed/v1/worker.pb.h"
#include "server/worker/running_task.h"

namespace seedbed::worker {

// The assignment's spec must be of the kind. INVALID_ARGUMENT for values that this version does not know.
tasks::IndexSpec ToIndexSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::SplitSpec> ToSplitSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::TrainSpec> ToTrainSpec(const v1::Assignment& assignment);
tasks::EvaluateSpec ToEvaluateSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::ImportModelSpec> ToImportModelSpec(const v1::Assignment& assignment);

// The result for the job, and the record that the server keeps (TaskFinished.record). create_time is the server's to set.
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::IndexResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::SplitResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::TrainResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::EvaluateResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ImportModelResult& result);

}  // namespace seedbed::worker
