#include "core/image/decoded_cache.h"

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "core/image/codec.h"

namespace seedbed::image {

absl::StatusOr<std::unique_ptr<DecodedRows>> DecodedCache::Load(const Geometry& geometry, std::span<const Request> requests,
                                                                ThreadPool* pool, const DecodeRow& decode, const OnProgress& on_progress,
                                                                const OnKept& on_kept) const {
  if (geometry.width < 1 || geometry.height < 1) return absl::InvalidArgumentError("the size of decoded images must be at least 1 x 1");
  const std::string steps = geometry.steps.empty() ? "" : absl::StrCat("-", Sha256Hex(geometry.steps));
  const std::string name =
      absl::StrCat(geometry.width, "x", geometry.height, "-", ToAbsl(FilterName(geometry.filter)), steps, "-v", kDecodeVersion);
  const RowCache::Kind kind{.folder = std::filesystem::path("decoded") / name, .row_bytes = geometry.row_bytes(), .what = "decoded images"};
  return cache_.Load(kind, requests, RowCache::OneByOne(kind.row_bytes, pool, decode), on_progress, on_kept);
}

}  // namespace seedbed::image
