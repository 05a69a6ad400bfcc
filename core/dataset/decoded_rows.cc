#include "core/dataset/decoded_rows.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dataset/picture_decoder.h"

namespace seedbed::dataset {
namespace {

class RowDecoder {
 public:
  RowDecoder(const Manifest& manifest, const std::filesystem::path& objects_folder, PictureDecoder* decoder)
      : manifest_(manifest), objects_folder_(objects_folder), decoder_(decoder) {}

  // Thread-safe.
  absl::Status Decode(const ManifestRow& row, std::span<uint8_t> target) {
    SB_ASSIGN_OR_RETURN(const std::string content, ReadImageFile(manifest_, row, objects_folder_));
    const absl::Status decoded = decoder_->Decode(std::as_bytes(std::span(content)), target);
    if (decoded.ok()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("image '", row.path, "' can no longer be decoded: ", decoded.message(), "; index the dataset again"));
  }

 private:
  const Manifest& manifest_;
  const std::filesystem::path& objects_folder_;
  PictureDecoder* const decoder_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<image::DecodedRows>> LoadDecodedRows(const Manifest& manifest, std::span<const uint32_t> rows,
                                                                    const std::filesystem::path& objects_folder,
                                                                    const image::Geometry& geometry, image::DecodedCache* cache,
                                                                    ThreadPool* pool, const std::function<bool()>& go_on,
                                                                    const image::DecodedCache::OnProgress& on_progress,
                                                                    const image::DecodedCache::OnKept& on_kept) {
  SB_ASSIGN_OR_RETURN(const std::unique_ptr<PictureDecoder> pictures, PictureDecoder::Create(geometry));
  SB_RETURN_IF_ERROR(CheckAllUnchanged(manifest, rows, objects_folder, pool, go_on));
  std::vector<image::DecodedCache::Request> requests;
  requests.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) requests.push_back({manifest.rows[rows[i]].sha256, i});
  RowDecoder decoder(manifest, objects_folder, pictures.get());
  const auto decode = [&](size_t index, std::span<uint8_t> target) { return decoder.Decode(manifest.rows[rows[index]], target); };
  return cache->Load(geometry, requests, pool, decode, on_progress, on_kept);
}

}  // namespace seedbed::dataset
