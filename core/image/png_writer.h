// PNG files of pictures.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "core/image/image.h"

namespace seedbed::image {

// A view of 8-bit samples: rows top to bottom, channels interleaved (HWC), no padding.
struct PngPicture {
  int width = 0;
  int height = 0;
  int channels = 3;  // 1: grey, 2: grey and alpha, 3: RGB, 4: RGB and alpha (not premultiplied)
  std::span<const uint8_t> samples;
};

enum class PngCompression { kSmall, kFast };

// The file's bytes: not interlaced, without metadata. DecodeImage gives RGB back as it was. INVALID_ARGUMENT when the samples are not as
// many as the size says, RESOURCE_EXHAUSTED when memory runs out.
absl::StatusOr<std::string> EncodePng(const PngPicture& picture, PngCompression compression = PngCompression::kSmall);

inline PngPicture AsPngPicture(const Image& image) {
  return {.width = image.width, .height = image.height, .channels = 3, .samples = image.rgb};
}

}  // namespace seedbed::image
