// One decoder per file format, behind codec.cc. Private to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/image/codec.h"

namespace seedbed::image {

using FileBytes = std::span<const std::byte>;

// INVALID_ARGUMENT: "<format> file: <reason>".
absl::Status UnusableFile(ImageFormat format, std::string_view reason);

// A header with these dimensions, or INVALID_ARGUMENT naming the limit that they break.
absl::StatusOr<ImageHeader> CheckedHeader(ImageFormat format, int64_t width, int64_t height, const ImageLimits& limits);

// Sets the size of `image` and makes room for its pixels; keeps the buffer when it is large enough.
void ReshapeImage(const ImageHeader& header, Image* image);

// Each Decode* checks the header against the limits before it makes room for pixels.
absl::StatusOr<ImageHeader> ReadJpegHeader(FileBytes file, const ImageLimits& limits);
absl::Status DecodeJpeg(FileBytes file, const ImageLimits& limits, Image* image);

absl::StatusOr<ImageHeader> ReadPngHeader(FileBytes file, const ImageLimits& limits);
absl::Status DecodePng(FileBytes file, const ImageLimits& limits, Image* image);

absl::StatusOr<ImageHeader> ReadWebpHeader(FileBytes file, const ImageLimits& limits);
absl::Status DecodeWebp(FileBytes file, const ImageLimits& limits, Image* image);

}  // namespace seedbed::image
