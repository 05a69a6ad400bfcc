#include "core/dataset/decoded_rows.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/augment/pipeline.h"
#include "core/base/spares.h"
#include "core/base/status_macros.h"
#include "core/image/codec.h"

namespace seedbed::dataset {
namespace {

// Large buffers that a thread keeps from image to image.
struct Buffers {
  image::Image picture;
  augment::Scratch scratch;
};

absl::StatusOr<augment::Pipeline> StepsOf(const image::Geometry& geometry) {
  if (geometry.steps.empty()) return augment::Pipeline();
  const auto list = nlohmann::json::parse(geometry.steps, /*cb=*/nullptr, /*allow_exceptions=*/false);
  SB_ASSIGN_OR_RETURN(augment::Pipeline steps, augment::Pipeline::Parse(list, "pipeline"));
  SB_RETURN_IF_ERROR(Annotate(steps.CheckSize(geometry.width, geometry.height), "pipeline"));
  return steps;
}

class RowDecoder {
 public:
  RowDecoder(const Manifest& manifest, const std::filesystem::path& objects_folder, const image::Geometry& geometry,
             augment::Pipeline steps)
      : manifest_(manifest), objects_folder_(objects_folder), geometry_(geometry), steps_(std::move(steps)) {}

  // Thread-safe.
  absl::Status Decode(const ManifestRow& row, std::span<uint8_t> target) {
    SB_ASSIGN_OR_RETURN(const std::string content, ReadImageFile(manifest_, row, objects_folder_));
    std::unique_ptr<Buffers> buffers = spares_.Borrow();
    const absl::Status decoded = image::DecodeImage(std::as_bytes(std::span(content)), &buffers->picture);
    if (decoded.ok()) {
      image::ResizeInto(buffers->picture, geometry_.width, geometry_.height, geometry_.filter, target);
      steps_.Apply({}, {.width = geometry_.width, .height = geometry_.height, .rgb = target}, &buffers->scratch);
    }
    spares_.Return(std::move(buffers));
    if (decoded.ok()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("image '", row.path, "' can no longer be decoded: ", decoded.message(), "; index the dataset again"));
  }

 private:
  const Manifest& manifest_;
  const std::filesystem::path& objects_folder_;
  const image::Geometry& geometry_;
  const augment::Pipeline steps_;
  Spares<Buffers> spares_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<image::DecodedRows>> LoadDecodedRows(const Manifest& manifest, std::span<const uint32_t> rows,
                                                                    const std::filesystem::path& objects_folder,
                                                                    const image::Geometry& geometry, image::DecodedCache* cache,
                                                                    ThreadPool* pool, const std::function<bool()>& go_on,
                                                                    const image::DecodedCache::OnProgress& on_progress,
                                                                    const image::DecodedCache::OnKept& on_kept) {
  SB_ASSIGN_OR_RETURN(augment::Pipeline steps, StepsOf(geometry));
  SB_RETURN_IF_ERROR(CheckAllUnchanged(manifest, rows, objects_folder, pool, go_on));
  std::vector<image::DecodedCache::Request> requests;
  requests.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) requests.push_back({manifest.rows[rows[i]].sha256, i});
  RowDecoder decoder(manifest, objects_folder, geometry, std::move(steps));
  const auto decode = [&](size_t index, std::span<uint8_t> target) { return decoder.Decode(manifest.rows[rows[index]], target); };
  return cache->Load(geometry, requests, pool, decode, on_progress, on_kept);
}

}  // namespace seedbed::dataset
