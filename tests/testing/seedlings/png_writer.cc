#include "tests/testing/seedlings/png_writer.h"

#include <fcntl.h>

#include <cerrno>
#include <span>

#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/image/png_writer.h"

namespace seedbed::testing {

absl::StatusOr<std::string> EncodePng(const image::Image& image) {
  return image::EncodePng(image::AsPngPicture(image), image::PngCompression::kFast);
}

absl::Status WritePng(const std::filesystem::path& path, const image::Image& image) {
  SB_ASSIGN_OR_RETURN(const std::string file, EncodePng(image));
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, "create", path);
  return WriteAll(fd.get(), std::as_bytes(std::span(file)), path);
}

}  // namespace seedbed::testing
