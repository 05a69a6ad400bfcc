#include "core/tasks/look/explained_images.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/tasks/look/image_choice.h"
#include "core/tasks/model/labelled_images.h"

namespace seedbed::tasks {
namespace {

// "Maize/7.png" -> "Maize_7". Of a long name the end, which tells it from others.
std::string StemOf(const std::string& name) {
  constexpr size_t kMostBytes = 60;
  const size_t slash = name.rfind('/'), dot = name.rfind('.');
  const bool has_suffix = dot != std::string::npos && dot > 0 && (slash == std::string::npos || dot > slash + 1);
  const std::string stem = has_suffix ? name.substr(0, dot) : name;
  return ArtifactName(stem.substr(stem.size() - std::min(stem.size(), kMostBytes)));
}

// An image that was sent has the path that it has there, which says nothing here.
std::string FileNameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

void ExplainedImages::Add(const std::string& name, const std::string& label, const std::string& base) {
  std::string stem = base;
  const auto taken = [&] {
    return stem == sheet_stem_ || std::ranges::any_of(list_, [&](const ImageToExplain& other) { return other.stem == stem; });
  };
  for (int i = 2; taken(); ++i) stem = absl::StrCat(base, "_", i);
  list_.push_back({name, label, stem});
}

absl::StatusOr<ExplainedImages> ExplainedImages::Open(const ExplainSpec& spec, const nn::SavedModel& model, TaskContext& context) {
  ExplainedImages images(model, ArtifactName(spec.model));
  SB_ASSIGN_OR_RETURN(features::ReadPixels uploads, OpenUploads(spec.uploads, model.preprocessing, context));
  std::shared_ptr<const StoredRows> decoded;
  if (!spec.images.empty()) {
    SB_ASSIGN_OR_RETURN(const LabelledDataset dataset, OpenDataset(spec.dataset_dir, {}));
    SB_ASSIGN_OR_RETURN(const std::vector<uint32_t> rows, RowsNamed(dataset.manifest, spec.images));
    SB_ASSIGN_OR_RETURN(decoded, DecodeImages(dataset, rows, model.preprocessing, ComputeThreads(0, context), context));
    for (const uint32_t row : rows) {
      const dataset::ManifestRow& image = dataset.manifest.rows[row];
      images.Add(image.path, dataset.manifest.classes[static_cast<size_t>(image.label)], StemOf(image.path));
    }
  }
  for (const UploadedImage& upload : spec.uploads) images.Add(upload.name, "", StemOf(FileNameOf(upload.name)));
  images.read_ = [decoded, stored = spec.images.size(), uploads = std::move(uploads)](
                     size_t i, std::span<uint8_t> scratch) -> absl::StatusOr<std::span<const uint8_t>> {
    if (i < stored) return decoded->row(i);
    return uploads(i - stored, scratch);
  };
  return images;
}

absl::StatusOr<PreparedImage> ExplainedImages::Prepare(size_t i) const {
  PreparedImage prepared{.picture = {width_, height_, std::vector<uint8_t>(values())}, .input = std::vector<float>(values())};
  SB_ASSIGN_OR_RETURN(const std::span<const uint8_t> pixels, read_(i, prepared.picture.rgb));
  if (pixels.data() != prepared.picture.rgb.data()) std::ranges::copy(pixels, prepared.picture.rgb.begin());
  scaler_.Apply(prepared.picture.rgb, prepared.input);
  return prepared;
}

std::vector<float> ExplainedImages::Black() const {
  std::vector<float> input(values());
  scaler_.Apply(std::vector<uint8_t>(values(), 0), input);
  return input;
}

}  // namespace seedbed::tasks
