#include "core/image/codec.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/image/decoders.h"

namespace seedbed::image {
namespace {

bool StartsWith(FileBytes file, std::string_view magic, size_t offset = 0) {
  const auto bytes = std::as_bytes(std::span(magic));
  return file.size() >= offset + bytes.size() && std::equal(bytes.begin(), bytes.end(), file.begin() + static_cast<ptrdiff_t>(offset));
}

std::optional<ImageFormat> SniffFormat(FileBytes file) {
  if (StartsWith(file, "\xff\xd8\xff")) return ImageFormat::kJpeg;
  if (StartsWith(file, "\x89PNG\r\n\x1a\n")) return ImageFormat::kPng;
  if (StartsWith(file, "RIFF") && StartsWith(file, "WEBP", 8)) return ImageFormat::kWebp;
  return std::nullopt;
}

// What a file that is none of ours begins with, for people: "text", or its first bytes.
std::string DescribeStart(FileBytes file) {
  const FileBytes start = file.first(std::min<size_t>(file.size(), 8));
  const auto is_text = [](std::byte b) {
    const auto c = static_cast<unsigned char>(b);
    return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
  };
  if (std::all_of(start.begin(), start.end(), is_text)) return "it begins like text";
  std::string hex = "it begins with bytes";
  for (const std::byte b : start) absl::StrAppend(&hex, " ", absl::Hex(static_cast<unsigned char>(b), absl::kZeroPad2));
  return hex;
}

absl::StatusOr<ImageFormat> CheckedFormat(FileBytes file, const ImageLimits& limits) {
  if (file.empty()) return absl::InvalidArgumentError("the file is empty (0 bytes)");
  if (file.size() > limits.max_file_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the file has ", file.size(), " bytes, the limit is ", limits.max_file_bytes));
  }
  const std::optional<ImageFormat> format = SniffFormat(file);
  if (!format) return absl::InvalidArgumentError(absl::StrCat("not a JPEG, PNG or WebP file: ", DescribeStart(file)));
  return *format;
}

}  // namespace

std::string_view ImageFormatName(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "jpeg";
    case ImageFormat::kPng:
      return "png";
    case ImageFormat::kWebp:
      return "webp";
  }
  return "unknown";
}

absl::Status UnusableFile(ImageFormat format, std::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(ImageFormatName(format)), " file: ", ToAbsl(reason)));
}

absl::StatusOr<ImageHeader> CheckedHeader(ImageFormat format, int64_t width, int64_t height, const ImageLimits& limits) {
  const std::string size = absl::StrCat(width, " x ", height, " pixels");
  if (width < 1 || height < 1) return UnusableFile(format, absl::StrCat("it has ", size));
  if (std::max(width, height) > limits.max_side) {
    return UnusableFile(format, absl::StrCat("it has ", size, ", the limit for a side is ", limits.max_side));
  }
  if (width * height > limits.max_pixels) {
    return UnusableFile(format, absl::StrCat("it has ", size, " = ", width * height, ", the limit is ", limits.max_pixels));
  }
  return ImageHeader{format, static_cast<int>(width), static_cast<int>(height)};
}

void ReshapeImage(const ImageHeader& header, Image* image) {
  image->width = header.width;
  image->height = header.height;
  image->rgb.resize(size_t{3} * static_cast<size_t>(header.width) * static_cast<size_t>(header.height));
}

absl::StatusOr<ImageHeader> ReadImageHeader(FileBytes file, const ImageLimits& limits) {
  SB_ASSIGN_OR_RETURN(const ImageFormat format, CheckedFormat(file, limits));
  switch (format) {
    case ImageFormat::kJpeg:
      return ReadJpegHeader(file, limits);
    case ImageFormat::kPng:
      return ReadPngHeader(file, limits);
    case ImageFormat::kWebp:
      return ReadWebpHeader(file, limits);
  }
  return absl::InternalError("unhandled image format");
}

absl::Status DecodeImage(FileBytes file, Image* image, const ImageLimits& limits) {
  SB_ASSIGN_OR_RETURN(const ImageFormat format, CheckedFormat(file, limits));
  switch (format) {
    case ImageFormat::kJpeg:
      return DecodeJpeg(file, limits, image);
    case ImageFormat::kPng:
      return DecodePng(file, limits, image);
    case ImageFormat::kWebp:
      return DecodeWebp(file, limits, image);
  }
  return absl::InternalError("unhandled image format");
}

}  // namespace seedbed::image
