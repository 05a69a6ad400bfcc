// The clean job: a dataset in, a version of another one out whose pictures went through a pipeline of steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "core/tasks/data/dataset_version.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct CleanSpec {
  std::string dataset;  // name
  int dataset_version = 1;
  std::filesystem::path dataset_dir;
  std::string pipeline;  // steps that draw nothing, JSON (core/augment/pipeline.h)
};

struct CleanResult {
  DatasetSummary dataset;
  int64_t kept = 0;  // pictures that an earlier attempt of the job had made
};

// Every picture is changed at its own size and stored in the object store as a PNG file, which is where uploaded datasets have theirs; the
// new version is recorded as such (RecordVersion), with the same classes and paths but for the suffix. Pictures too small for a step are
// left out and listed as rejected. What is made is noted in checkpoint_dir, so that a later attempt goes on where this one ended.
// INVALID_ARGUMENT naming step and setting for a pipeline that is not one; FAILED_PRECONDITION or NOT_FOUND when an image changed.
absl::StatusOr<CleanResult> RunClean(const CleanSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
