#include "core/tasks/look/uploaded_images.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/dataset/picture_decoder.h"
#include "core/dataset/source_file.h"
#include "core/image/codec.h"

namespace seedbed::tasks {
namespace {

absl::StatusOr<MappedFile> OpenImage(const UploadedImage& image, const std::filesystem::path& objects_dir) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(dataset::ObjectPath(objects_dir, image.sha256));
  if (!absl::IsNotFound(file.status())) return file;
  return absl::NotFoundError(absl::StrCat("image '", image.name, "' (", image.sha256, ") has not been uploaded"));
}

absl::Status AtImage(const UploadedImage& image, const absl::Status& status) {
  return Annotate(status, absl::StrCat("image '", image.name, "'"));
}

}  // namespace

absl::StatusOr<features::ReadPixels> OpenUploads(std::vector<UploadedImage> images, const image::Preprocessing& preprocessing,
                                                 const TaskContext& context) {
  const image::Geometry geometry{preprocessing.width, preprocessing.height, preprocessing.interpolation, preprocessing.steps};
  SB_ASSIGN_OR_RETURN(std::shared_ptr<dataset::PictureDecoder> decoder, dataset::PictureDecoder::Create(geometry));
  const std::filesystem::path objects_dir = context.paths().objects_dir;
  for (const UploadedImage& image : images) {
    SB_ASSIGN_OR_RETURN(const MappedFile file, OpenImage(image, objects_dir));
    SB_RETURN_IF_ERROR(AtImage(image, image::ReadImageHeader(file.bytes()).status()));
  }
  return [images = std::move(images), decoder = std::move(decoder), objects_dir](
             size_t i, std::span<uint8_t> scratch) -> absl::StatusOr<std::span<const uint8_t>> {
    SB_ASSIGN_OR_RETURN(const MappedFile file, OpenImage(images[i], objects_dir));
    SB_RETURN_IF_ERROR(AtImage(images[i], decoder->Decode(file.bytes(), scratch)));
    return scratch;
  };
}

}  // namespace seedbed::tasks
