#include "tests/testing/seedlings/png_writer.h"

#include <fcntl.h>
#include <spng.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <span>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::testing {
namespace {

constexpr int kCompressionLevel = 1;

absl::Status CheckSpng(int error) {
  return error == 0 ? absl::OkStatus() : absl::InternalError(absl::StrCat("cannot encode a PNG: ", spng_strerror(error)));
}

}  // namespace

absl::StatusOr<std::string> EncodePng(const image::Image& image) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER), &spng_ctx_free);
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(image.width);
  header.height = static_cast<uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  SB_RETURN_IF_ERROR(CheckSpng(spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1)));
  SB_RETURN_IF_ERROR(CheckSpng(spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, kCompressionLevel)));
  SB_RETURN_IF_ERROR(CheckSpng(spng_set_ihdr(context.get(), &header)));
  SB_RETURN_IF_ERROR(CheckSpng(spng_encode_image(context.get(), image.rgb.data(), image.rgb.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE)));
  int error = 0;
  size_t size = 0;
  const std::unique_ptr<void, decltype(&std::free)> buffer(spng_get_png_buffer(context.get(), &size, &error), &std::free);
  SB_RETURN_IF_ERROR(CheckSpng(error));
  return std::string(static_cast<const char*>(buffer.get()), size);
}

absl::Status WritePng(const std::filesystem::path& path, const image::Image& image) {
  SB_ASSIGN_OR_RETURN(const std::string file, EncodePng(image));
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, "create", path);
  return WriteAll(fd.get(), std::as_bytes(std::span(file)), path);
}

}  // namespace seedbed::testing
