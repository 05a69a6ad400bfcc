// PNG through libspng, but for the usual kind of photo (png_truecolour.h). Alpha and transparent colours are dropped without compositing.
#include <spng.h>

#include <cstdlib>
#include <memory>

#include "core/base/status_macros.h"
#include "core/image/decoders.h"
#include "core/image/png_truecolour.h"

namespace seedbed::image {
namespace {

struct FreeContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using Context = std::unique_ptr<spng_ctx, FreeContext>;

absl::Status SpngError(int error) {
  if (error == SPNG_IO_EOF || error == SPNG_EIDAT_TOO_SHORT) return UnusableFile(ImageFormat::kPng, "it is truncated");
  if (error == SPNG_EOVERFLOW) return UnusableFile(ImageFormat::kPng, "its dimensions are too large");
  return UnusableFile(ImageFormat::kPng, spng_strerror(error));
}

// What text and profile chunks may inflate to; we use none of them, libspng reads them all the same.
constexpr size_t kMaxMetadataBytes = size_t{64} << 20;

absl::StatusOr<Context> OpenPng(FileBytes file) {
  Context context(spng_ctx_new(0));
  if (context == nullptr) return absl::ResourceExhaustedError("not enough memory for a PNG decoder");
  if (const int error = spng_set_chunk_limits(context.get(), kMaxMetadataBytes, kMaxMetadataBytes); error != 0) return SpngError(error);
  if (const int error = spng_set_png_buffer(context.get(), file.data(), file.size()); error != 0) return SpngError(error);
  return context;
}

absl::StatusOr<spng_ihdr> ReadFirstChunk(spng_ctx* context) {
  spng_ihdr header;
  if (const int error = spng_get_ihdr(context, &header); error != 0) return SpngError(error);
  return header;
}

// Pillow opens 16-bit grey as mode I;16, and convert("RGB") clips that to 255 instead of scaling it. `rgb` holds the big-endian samples in
// its last two thirds; each is read before the writes reach it.
void ExpandClippedGrey16(std::span<uint8_t> rgb) {
  const size_t pixels = rgb.size() / 3;
  const uint8_t* sample = rgb.data() + pixels;
  for (size_t i = 0; i < pixels; ++i, sample += 2) {
    const uint8_t value = sample[0] == 0 ? sample[1] : 255;
    rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = value;
  }
}

}  // namespace

absl::StatusOr<ImageHeader> ReadPngHeader(FileBytes file, const ImageLimits& limits) {
  SB_ASSIGN_OR_RETURN(const Context context, OpenPng(file));
  SB_ASSIGN_OR_RETURN(const spng_ihdr header, ReadFirstChunk(context.get()));
  return CheckedHeader(ImageFormat::kPng, header.width, header.height, limits);
}

absl::Status DecodePng(FileBytes file, const ImageLimits& limits, Image* image) {
  SB_ASSIGN_OR_RETURN(const Context context, OpenPng(file));
  SB_ASSIGN_OR_RETURN(const spng_ihdr header, ReadFirstChunk(context.get()));
  SB_ASSIGN_OR_RETURN(const ImageHeader checked, CheckedHeader(ImageFormat::kPng, header.width, header.height, limits));
  if (DecodeTruecolourPng(file, checked, &image->rgb)) {
    image->width = checked.width;
    image->height = checked.height;
    return absl::OkStatus();
  }
  ReshapeImage(checked, image);
  const bool grey16 = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth == 16;
  const std::span<uint8_t> pixels(image->rgb);
  const std::span<uint8_t> target = grey16 ? pixels.subspan(pixels.size() / 3) : pixels;
  const int format = grey16 ? SPNG_FMT_RAW : SPNG_FMT_RGB8;
  if (const int error = spng_decode_image(context.get(), target.data(), target.size(), format, 0); error != 0) return SpngError(error);
  // The image's last checksum and what follows, up to the end chunk, are still unread.
  if (const int error = spng_decode_chunks(context.get()); error != 0) return SpngError(error);
  if (grey16) ExpandClippedGrey16(pixels);
  return absl::OkStatus();
}

}  // namespace seedbed::image
