// Features on disk (core/base/row_cache.h): a frozen network sees an image once, however many jobs train on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/row_cache.h"
#include "core/features/extract.h"
#include "core/features/pool.h"
#include "core/graph/graph.h"
#include "core/image/preprocessing.h"
#include "core/nn/tensor.h"

namespace seedbed::features {

// Rows of float32 that stay mapped as long as this object lives.
class FeatureRows {
 public:
  explicit FeatureRows(std::unique_ptr<StoredRows> rows) : rows_(std::move(rows)) {}
  size_t size() const { return rows_->size(); }
  std::span<const float> row(size_t i) const;

 private:
  std::unique_ptr<StoredRows> rows_;
};

// What besides the image decides the bits of its features.
struct FeatureSource {
  const graph::Graph& backbone;    // up to the layer whose output they are
  const nn::TensorViews& weights;  // at least the backbone's
  const image::Preprocessing& preprocessing;
  std::span<const float> mean_image;  // empty: none
  Pool pool = Pool::kNone;
  size_t batch = 32;
  std::string_view profile;  // backend, instructions, precision and what else decides rounding
};
// 64 hex digits; equal for equal sources. INVALID_ARGUMENT when a weight of the backbone is missing.
absl::StatusOr<std::string> FeatureKey(const FeatureSource& source);

class FeatureCache {
 public:
  // Below `folder`, which other caches may share together with its bound, rows lie in features/<key>/.
  FeatureCache(std::filesystem::path folder, uint64_t max_bytes) : cache_(std::move(folder), max_bytes) {}

  using Request = RowCache::Request;  // the image file's SHA-256, and the image's number for ReadPixels
  // Called once, unless nothing is missing, with the numbers of the images that are.
  using OpenPixels = std::function<absl::StatusOr<ReadPixels>(std::span<const size_t> images)>;

  // Rows for `requests`, in their order; missing ones are computed by `extractor`, whose source `key` describes, and stored 128 at a time:
  // that much is lost when the process dies. `on_progress` as Extractor::Run, counting the missing rows.
  absl::StatusOr<FeatureRows> Load(std::string_view key, std::span<const Request> requests, Extractor* extractor, const OpenPixels& open,
                                   const Extractor::OnProgress& on_progress, const RowCache::OnKept& on_kept = nullptr) const;

 private:
  const RowCache cache_;
};

}  // namespace seedbed::features
