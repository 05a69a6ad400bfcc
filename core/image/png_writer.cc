#include "core/image/png_writer.h"

#include <spng.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"

namespace seedbed::image {
namespace {

struct FreeContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
struct FreeBuffer {
  void operator()(void* buffer) const { std::free(buffer); }
};

constexpr spng_color_type kColorTypes[] = {SPNG_COLOR_TYPE_GRAYSCALE, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, SPNG_COLOR_TYPE_TRUECOLOR,
                                           SPNG_COLOR_TYPE_TRUECOLOR_ALPHA};

absl::Status CheckPicture(const PngPicture& picture) {
  const bool sized = picture.width > 0 && picture.height > 0 && picture.channels >= 1 && picture.channels <= 4;
  const size_t samples =
      sized ? static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height) * static_cast<size_t>(picture.channels) : 0;
  if (sized && samples == picture.samples.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("no picture of ", picture.width, "x", picture.height, " pixels and ", picture.channels,
                                                 " channels has ", picture.samples.size(), " samples"));
}

absl::Status SpngError(int error) {
  const std::string message = absl::StrCat("cannot encode a PNG: ", spng_strerror(error));
  return error == SPNG_EMEM ? absl::ResourceExhaustedError(message) : absl::InternalError(message);
}

}  // namespace

absl::StatusOr<std::string> EncodePng(const PngPicture& picture, PngCompression compression) {
  if (absl::Status status = CheckPicture(picture); !status.ok()) return status;
  const std::unique_ptr<spng_ctx, FreeContext> context(spng_ctx_new(SPNG_CTX_ENCODER));
  if (context == nullptr) return SpngError(SPNG_EMEM);
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(picture.width);
  header.height = static_cast<uint32_t>(picture.height);
  header.bit_depth = 8;
  header.color_type = static_cast<uint8_t>(kColorTypes[picture.channels - 1]);
  int error = spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  if (error == 0) error = spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, compression == PngCompression::kFast ? 1 : 6);
  if (error == 0) error = spng_set_ihdr(context.get(), &header);
  if (error == 0) {
    error = spng_encode_image(context.get(), picture.samples.data(), picture.samples.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  }
  if (error != 0) return SpngError(error);
  size_t bytes = 0;
  const std::unique_ptr<void, FreeBuffer> file(spng_get_png_buffer(context.get(), &bytes, &error));
  if (file == nullptr) return SpngError(error);
  return std::string(static_cast<const char*>(file.get()), bytes);
}

}  // namespace seedbed::image
