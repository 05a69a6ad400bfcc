// JPEG, PNG and WebP to 8-bit RGB, as Pillow's Image.open(...).convert("RGB") gives it. The type is told from the content, never from the
// name. The header and the limits are checked before anything is allocated for pixels.
//
// The pixels equal those of Pillow 13 bit for bit in all cases that tests/parity/pixels compares: PNG of every colour type, bit depth and
// interlacing (alpha, transparent colours, gamma and colour profiles are ignored; 16-bit grey is clipped at 255, not scaled; 16-bit colours
// keep their high byte); JPEG grey, RGB, CMYK and YCCK (the last two taken as inverted, as Adobe writes them), baseline and progressive,
// with any chroma subsampling; WebP lossy and lossless. For JPEG and WebP this holds between the library versions compared
// (libjpeg-turbo 2.1 and 3.2, libwebp 1.2 and 1.6). EXIF orientation is not applied.
//
// Refused though Pillow may read it: a PNG without its end chunk or with a wrong checksum in image data, a JPEG in which libjpeg would
// invent pixels for damaged data, animated WebP. Refused by both: what is truncated before its last pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/image/image.h"

namespace seedbed::image {

enum class ImageFormat { kJpeg, kPng, kWebp };
std::string_view ImageFormatName(ImageFormat format);  // "jpeg", "png", "webp"

struct ImageLimits {
  int max_side = 16'384;  // pixels
  int64_t max_pixels = 64'000'000;
  uint64_t max_file_bytes = uint64_t{64} << 20;
};

struct ImageHeader {
  ImageFormat format = ImageFormat::kPng;
  int width = 0;
  int height = 0;
};

// INVALID_ARGUMENT with the reason for people: empty, not a known type, damaged header, larger than a limit (which one, and by how much).
absl::StatusOr<ImageHeader> ReadImageHeader(std::span<const std::byte> file, const ImageLimits& limits = {});

// Decodes the whole picture into `image`, whose buffer is reused. INVALID_ARGUMENT as above, and for truncated or damaged data.
absl::Status DecodeImage(std::span<const std::byte> file, Image* image, const ImageLimits& limits = {});

// Changes whenever the pixels of any decoded file may change; part of every cache key.
inline constexpr int kDecodeVersion = 1;

}  // namespace seedbed::image
