#include "server/jobs/shown_images.h"

#include <filesystem>

#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "server/jobs/field_checks.h"

namespace seedbed::jobs {
namespace {

constexpr int kMaxImages = 256;
constexpr size_t kMaxNameBytes = 4096;

}  // namespace

absl::Status CheckShownImages(const std::string& at, const ImagePaths& images, const Uploads& uploads) {
  const int count = images.size() + uploads.size();
  if (count == 0) return FieldError(at + ".images", "is empty, and so is uploads: name an image");
  if (count > kMaxImages) {
    return FieldError(at + ".images", absl::StrCat("and uploads are ", count, " together; at most ", kMaxImages, " are taken"));
  }
  for (const std::string& path : images) SB_RETURN_IF_ERROR(CheckLength(at + ".images", path, kMaxNameBytes));
  for (const v1::UploadedImage& upload : uploads) {
    SB_RETURN_IF_ERROR(CheckLength(at + ".uploads", upload.name(), kMaxNameBytes));
    if (!IsSha256Hex(upload.sha256())) {
      return FieldError(at + ".uploads", absl::StrCat("has ", Quoted(upload.sha256()), ", which is no SHA-256: 64 lower-case hex digits"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckUploadsArrived(const std::string& at, const Uploads& uploads, const store::DataLayout& layout) {
  for (const v1::UploadedImage& upload : uploads) {
    std::error_code error;
    if (std::filesystem::exists(layout.object(upload.sha256()), error)) continue;
    return AtField(at + ".uploads", absl::NotFoundError(absl::StrCat("the server does not have the file ", Quoted(upload.name()), " (",
                                                                     upload.sha256(), "); upload it first (UploadBlobs)")));
  }
  return absl::OkStatus();
}

}  // namespace seedbed::jobs
