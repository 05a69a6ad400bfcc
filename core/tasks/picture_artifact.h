// Pictures among a job's artifacts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/image/image.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct PictureFile {
  std::string file;  // below artifacts_dir
  int width = 0;     // pixels
  int height = 0;
  int64_t bytes = 0;
};

// Writes and announces it as a PNG.
absl::StatusOr<PictureFile> PublishPicture(std::string_view name, const image::Image& picture, TaskContext& context);

// What people call something, as a part of a file's name: everything but [A-Za-z0-9._-] becomes '_'.
std::string InFileName(std::string_view text);

}  // namespace seedbed::tasks
