// Pictures that a job leaves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/image/image.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct PictureArtifact {
  std::string file;  // below artifacts_dir
  int width = 0;     // pixels
  int height = 0;
  int64_t bytes = 0;
};

// As PNG. Errors as image::EncodePng and PublishArtifact.
absl::StatusOr<PictureArtifact> PublishPicture(std::string_view name, const image::Image& picture, TaskContext& context);

// What an artifact may be called after: letters, digits, '.', '-' and '_' of the text, each other character a '_'; at most 60 of them,
// never empty and not beginning with a dot.
std::string ArtifactName(std::string_view text);

}  // namespace seedbed::tasks
