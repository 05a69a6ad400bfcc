#include "core/dataset/decoded_rows.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/image/codec.h"

namespace seedbed::dataset {
namespace {

// Pictures that threads borrow, so that a large buffer is allocated once for each thread and not for each image.
class PicturePool {
 public:
  image::Image Borrow() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (free_.empty()) return {};
    image::Image picture = std::move(free_.back());
    free_.pop_back();
    return picture;
  }
  void Return(image::Image picture) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    free_.push_back(std::move(picture));
  }

 private:
  Mutex mutex_;
  std::vector<image::Image> free_ ABSL_GUARDED_BY(mutex_);
};

absl::Status DecodeRow(const Manifest& manifest, const ManifestRow& row, const std::filesystem::path& objects_folder,
                       const image::Geometry& geometry, image::Image* picture, std::span<uint8_t> target) {
  SB_ASSIGN_OR_RETURN(const std::string content, ReadImageFile(manifest, row, objects_folder));
  const absl::Status decoded = image::DecodeImage(std::as_bytes(std::span(content)), picture);
  if (!decoded.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("image '", row.path, "' can no longer be decoded: ", decoded.message(), "; index the dataset again"));
  }
  image::ResizeInto(*picture, geometry.width, geometry.height, geometry.filter, target);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<image::DecodedRows>> LoadDecodedRows(const Manifest& manifest, std::span<const uint32_t> rows,
                                                                    const std::filesystem::path& objects_folder,
                                                                    const image::Geometry& geometry, image::DecodedCache* cache,
                                                                    ThreadPool* pool, const std::function<bool()>& go_on,
                                                                    const image::DecodedCache::OnProgress& on_progress,
                                                                    const image::DecodedCache::OnKept& on_kept) {
  SB_RETURN_IF_ERROR(CheckAllUnchanged(manifest, rows, objects_folder, pool, go_on));
  std::vector<image::DecodedCache::Request> requests;
  requests.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) requests.push_back({manifest.rows[rows[i]].sha256, i});
  PicturePool pictures;
  const auto decode = [&](size_t index, std::span<uint8_t> target) {
    image::Image picture = pictures.Borrow();
    absl::Status status = DecodeRow(manifest, manifest.rows[rows[index]], objects_folder, geometry, &picture, target);
    pictures.Return(std::move(picture));
    return status;
  };
  return cache->Load(geometry, requests, pool, decode, on_progress, on_kept);
}

}  // namespace seedbed::dataset
