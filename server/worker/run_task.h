// The door to core: does what an assignment says.
#pragma once

#include "absl/status/statusor.h"
#include "core/tasks/task_context.h"
#include "seedbed/v1/worker.pb.h"
#include "server/worker/running_task.h"

namespace seedbed::worker {

// UNIMPLEMENTED for a kind of job that this version does not know.
absl::StatusOr<TaskOutput> RunTask(const v1::Assignment& assignment, tasks::TaskContext& context);

}  // namespace seedbed::worker
