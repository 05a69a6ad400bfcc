// WebP, lossy and lossless, through libwebp. Alpha is dropped without compositing.
#include <webp/decode.h>

#include "core/base/status_macros.h"
#include "core/image/decoders.h"

namespace seedbed::image {
namespace {

const uint8_t* Data(FileBytes file) { return reinterpret_cast<const uint8_t*>(file.data()); }

std::string_view Describe(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "it is truncated";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "it uses a feature that libwebp does not know";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "not enough memory to decode it";
    default:
      return "its data is damaged";
  }
}

}  // namespace

absl::StatusOr<ImageHeader> ReadWebpHeader(FileBytes file, const ImageLimits& limits) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(Data(file), file.size(), &features);
  if (status != VP8_STATUS_OK) return UnusableFile(ImageFormat::kWebp, Describe(status));
  if (features.has_animation) return UnusableFile(ImageFormat::kWebp, "it is an animation; save one of its frames as a picture");
  return CheckedHeader(ImageFormat::kWebp, features.width, features.height, limits);
}

absl::Status DecodeWebp(FileBytes file, const ImageLimits& limits, Image* image) {
  SB_ASSIGN_OR_RETURN(const ImageHeader header, ReadWebpHeader(file, limits));
  ReshapeImage(header, image);
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return absl::InternalError("libwebp's version differs from the one built against");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image->rgb.data(), 3 * header.width, image->rgb.size()};
  const VP8StatusCode status = WebPDecode(Data(file), file.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) return UnusableFile(ImageFormat::kWebp, Describe(status));
  return absl::OkStatus();
}

}  // namespace seedbed::image
