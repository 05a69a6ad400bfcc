#include "core/tasks/picture_artifact.h"

#include "absl/strings/ascii.h"
#include "core/base/status_macros.h"
#include "core/image/png_writer.h"
#include "core/tasks/dataset_events.h"

namespace seedbed::tasks {

absl::StatusOr<PictureFile> PublishPicture(std::string_view name, const image::Image& picture, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const std::string content, image::EncodePng(image::AsPngPicture(picture)));
  SB_RETURN_IF_ERROR(PublishArtifact(name, "image/png", content, context));
  return PictureFile{
      .file = std::string(name), .width = picture.width, .height = picture.height, .bytes = static_cast<int64_t>(content.size())};
}

std::string InFileName(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-') c = '_';
  }
  return name;
}

}  // namespace seedbed::tasks
