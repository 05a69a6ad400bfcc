// From an image file to the pixels that a network is shown: the same for images of datasets and for uploaded ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/image/decoded_cache.h"

namespace seedbed::dataset {

// Thread-safe.
class PictureDecoder {
 public:
  // INVALID_ARGUMENT for steps that are unknown, that draw, or that do not take pictures of that size.
  static absl::StatusOr<std::unique_ptr<PictureDecoder>> Create(const image::Geometry& geometry);
  virtual ~PictureDecoder() = default;

  // Decodes, resizes, and applies the steps; `target` has geometry.row_bytes(). Errors as image::DecodeImage.
  virtual absl::Status Decode(std::span<const std::byte> file, std::span<uint8_t> target) = 0;
};

}  // namespace seedbed::dataset
