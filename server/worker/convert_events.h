// What a running task says, between core's words and the protocol's.
#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "core/tasks/task_context.h"
#include "seedbed/v1/event.pb.h"
#include "seedbed/v1/job.pb.h"
#include "seedbed/v1/worker.pb.h"

namespace seedbed::worker {

v1::Progress ToProto(const tasks::Progress& progress);
v1::EpochMetrics ToProto(const tasks::EpochMetrics& metrics);
// An artifact's size and digest are taken from its file below `artifacts_dir`.
v1::TaskEvent ToProto(const tasks::TaskEvent& event, const std::filesystem::path& artifacts_dir);

v1::ExecutionProfile ToProto(const tasks::ExecutionProfile& profile);
tasks::ExecutionProfile FromProto(const v1::ExecutionProfile& profile);

// A failed task's status; the reason as kReasonPayload (task_context.h) says.
v1::JobError ToJobError(const absl::Status& status);

}  // namespace seedbed::worker
