// Decodes and resizes pictures for the parity tests. Standard input: one request a line,
//   <path> TAB <width> TAB <height> TAB <filter>
// where width 0 keeps the picture's own size. Standard output, for each: "ok <width> <height>\n" and width * height * 3 bytes of RGB, or
// "error <message>\n".
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/image/codec.h"
#include "core/image/resize.h"

namespace seedbed::image {
namespace {

absl::StatusOr<Image> Answer(const std::string& request) {
  const std::vector<std::string> fields = absl::StrSplit(request, '\t');
  Image resized;
  if (fields.size() != 4 || !absl::SimpleAtoi(fields[1], &resized.width) || !absl::SimpleAtoi(fields[2], &resized.height)) {
    return absl::InvalidArgumentError("a request is path, width, height and filter, separated by tabs");
  }
  SB_ASSIGN_OR_RETURN(const std::string file, ReadFile(fields[0]));
  Image image;
  SB_RETURN_IF_ERROR(DecodeImage(std::as_bytes(std::span(file)), &image));
  if (resized.width == 0) return image;
  const std::optional<Filter> filter = FilterFromName(fields[3]);
  if (!filter) return absl::InvalidArgumentError("unknown filter");
  resized.rgb.resize(size_t{3} * static_cast<size_t>(resized.width) * static_cast<size_t>(resized.height));
  ResizeInto(image, resized.width, resized.height, *filter, resized.rgb);
  return resized;
}

}  // namespace
}  // namespace seedbed::image

int main() {
  std::string request;
  while (std::getline(std::cin, request)) {
    const absl::StatusOr<seedbed::image::Image> image = seedbed::image::Answer(request);
    if (image.ok()) {
      std::cout << "ok " << image->width << ' ' << image->height << '\n';
      std::cout.write(reinterpret_cast<const char*>(image->rgb.data()), static_cast<std::streamsize>(image->rgb.size()));
    } else {
      std::cout << "error " << image.status().message() << '\n';
    }
    std::cout.flush();
  }
  return 0;
}
