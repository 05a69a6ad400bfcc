// Image files that a client sent for one job.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/features/extract.h"
#include "core/image/preprocessing.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct UploadedImage {
  std::string name;    // for people: the file's name on the client
  std::string sha256;  // of the content in objects_dir
};

// Reads image i as a dataset's would be read: with the same codecs, limits and resizing, and the steps of the preprocessing. All headers
// are looked at now: INVALID_ARGUMENT naming the first file that is no image, and why; NOT_FOUND for one that has not been uploaded;
// INVALID_ARGUMENT for steps as DecodeImages. The function's own error is INVALID_ARGUMENT, likewise, for a file damaged further on.
absl::StatusOr<features::ReadPixels> OpenUploads(std::vector<UploadedImage> images, const image::Preprocessing& preprocessing,
                                                 const TaskContext& context);

}  // namespace seedbed::tasks
