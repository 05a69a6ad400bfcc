#include "core/features/feature_cache.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace seedbed::features {
namespace {

// Changes when the same source begins to give other features.
constexpr int kVersion = 1;
constexpr size_t kSegmentRows = 128;

}  // namespace

std::span<const float> FeatureRows::row(size_t i) const {
  // Rows begin at multiples of their length from the start of a page.
  const std::span<const uint8_t> bytes = rows_->row(i);
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

absl::StatusOr<std::string> FeatureKey(const FeatureSource& source) {
  nn::TensorViews weights;
  for (const graph::Parameter& parameter : source.backbone.parameters()) {
    const auto found = source.weights.find(parameter.name);
    if (found == source.weights.end()) return absl::InvalidArgumentError(absl::StrCat("the weight '", parameter.name, "' is missing"));
    weights.insert(*found);
  }
  const nlohmann::json identity = {{"version", kVersion},
                                   {"graph", source.backbone.ToJson()},
                                   {"weights", nn::WeightsSha256(weights)},
                                   {"preprocessing", image::PreprocessingToJson(source.preprocessing)},
                                   {"mean_image", Sha256Hex(std::as_bytes(source.mean_image))},
                                   {"pool", std::string(PoolName(source.pool))},
                                   {"batch", source.batch},
                                   {"profile", std::string(source.profile)}};
  return Sha256Hex(identity.dump());
}

absl::StatusOr<FeatureRows> FeatureCache::Load(std::string_view key, std::span<const Request> requests, Extractor* extractor,
                                               const OpenPixels& open, const Extractor::OnProgress& on_progress,
                                               const RowCache::OnKept& on_kept) const {
  const size_t values = extractor->row_values();
  const RowCache::Kind kind{.folder = std::filesystem::path("features") / key,
                            .row_bytes = values * sizeof(float),
                            .segment_rows = kSegmentRows,
                            .what = "features"};
  const auto make = [&](std::span<const size_t> images, const RowCache::PutRow& put) -> absl::Status {
    SB_ASSIGN_OR_RETURN(const ReadPixels read, open(images));
    const auto store = [&](size_t first, std::span<const float> rows) {
      for (size_t i = 0; i < rows.size() / values; ++i) {
        const std::span<const std::byte> bytes = std::as_bytes(rows.subspan(i * values, values));
        SB_RETURN_IF_ERROR(put(first + i, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
      }
      return absl::OkStatus();
    };
    return extractor->Run(images, read, store, on_progress);
  };
  SB_ASSIGN_OR_RETURN(std::unique_ptr<StoredRows> rows, cache_.Load(kind, requests, make, nullptr, on_kept));
  return FeatureRows(std::move(rows));
}

}  // namespace seedbed::features
