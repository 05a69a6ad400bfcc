// Pictures and encoded files for the tests of this room, made by the codec libraries' own encoders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/image/image.h"

namespace seedbed::image {

// Smooth colours with an edge in the middle.
Image MakePicture(int width, int height);

struct JpegOptions {
  int quality = 90;
  bool progressive = false;
  bool grey = false;
  bool cmyk = false;  // inverted samples with an Adobe marker, as everyone writes them
  int restart_rows = 0;
};
std::string EncodeJpeg(const Image& image, const JpegOptions& options = {});

// 8-bit RGB, unless other values are given; `samples` are then as the PNG stores them.
struct PngOptions {
  int bit_depth = 8;
  int color_type = 2;
  bool interlaced = false;
};
std::string EncodePng(int width, int height, const std::vector<uint8_t>& samples, const PngOptions& options = {});
std::string EncodePng(const Image& image);

std::string EncodeWebp(const Image& image, bool lossless);

// A well-formed PNG file of one chunk that claims these dimensions: what a decompression bomb begins with.
std::string PngHeaderOnly(uint32_t width, uint32_t height);

}  // namespace seedbed::image
