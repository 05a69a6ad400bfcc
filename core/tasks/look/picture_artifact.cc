#include "core/tasks/look/picture_artifact.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "core/base/status_macros.h"
#include "core/image/png_writer.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {

absl::StatusOr<PictureArtifact> PublishPicture(std::string_view name, const image::Image& picture, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const std::string file, image::EncodePng(image::AsPngPicture(picture)));
  SB_RETURN_IF_ERROR(PublishArtifact(name, "image/png", file, context));
  return PictureArtifact{
      .file = std::string(name), .width = picture.width, .height = picture.height, .bytes = static_cast<int64_t>(file.size())};
}

std::string ArtifactName(std::string_view text) {
  constexpr size_t kMaxLength = 60;
  std::string name(text.substr(0, kMaxLength));
  std::ranges::replace_if(
      name, [](unsigned char c) { return !absl::ascii_isalnum(c) && c != '.' && c != '-' && c != '_'; }, '_');
  if (name.empty() || name[0] == '.') name.insert(0, 1, '_');
  return name;
}

}  // namespace seedbed::tasks
