#include "tests/unit/core/image/test_images.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <jpeglib.h>  // needs cstdio
#include <spng.h>
#include <webp/encode.h>

namespace seedbed::image {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

uint8_t Sample(const Image& image, int x, int y, int channel) {
  const size_t pixel = static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x);
  return image.rgb[3 * pixel + static_cast<size_t>(channel)];
}

}  // namespace

Image MakePicture(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int edge = x > width / 2 ? 90 : 0;
      image.rgb.push_back(static_cast<uint8_t>((x * 7 + y * 3) % 160 + edge));
      image.rgb.push_back(static_cast<uint8_t>((x * 2 + y * 5) % 160 + edge));
      image.rgb.push_back(static_cast<uint8_t>((x + y) % 160 + edge));
    }
  }
  return image;
}

std::string EncodeJpeg(const Image& image, const JpegOptions& options) {
  jpeg_compress_struct encoder;
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &buffer, &size);
  const int channels = options.cmyk ? 4 : options.grey ? 1 : 3;
  encoder.image_width = static_cast<JDIMENSION>(image.width);
  encoder.image_height = static_cast<JDIMENSION>(image.height);
  encoder.input_components = channels;
  encoder.in_color_space = options.cmyk ? JCS_CMYK : options.grey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, options.quality, TRUE);
  encoder.restart_in_rows = options.restart_rows;
  if (options.progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  std::vector<uint8_t> line(static_cast<size_t>(channels) * static_cast<size_t>(image.width));
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < channels; ++c) line[static_cast<size_t>(channels * x + c)] = c == 3 ? 200 : Sample(image, x, y, c);
    }
    JSAMPROW row = line.data();
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  std::string file(reinterpret_cast<const char*>(buffer), size);
  std::free(buffer);
  return file;
}

std::string EncodePng(int width, int height, const std::vector<uint8_t>& samples, const PngOptions& options) {
  spng_ctx* const context = spng_ctx_new(SPNG_CTX_ENCODER);
  Require(context != nullptr);
  Require(spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1) == 0);
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(width);
  header.height = static_cast<uint32_t>(height);
  header.bit_depth = static_cast<uint8_t>(options.bit_depth);
  header.color_type = static_cast<uint8_t>(options.color_type);
  header.interlace_method = options.interlaced ? 1 : 0;
  Require(spng_set_ihdr(context, &header) == 0);
  Require(spng_encode_image(context, samples.data(), samples.size(), SPNG_FMT_RAW, SPNG_ENCODE_FINALIZE) == 0);
  size_t size = 0;
  int error = 0;
  void* const buffer = spng_get_png_buffer(context, &size, &error);
  Require(buffer != nullptr);
  std::string file(static_cast<const char*>(buffer), size);
  std::free(buffer);
  spng_ctx_free(context);
  return file;
}

std::string EncodePng(const Image& image) { return EncodePng(image.width, image.height, image.rgb); }

std::string EncodeWebp(const Image& image, bool lossless) {
  uint8_t* buffer = nullptr;
  const size_t size = lossless ? WebPEncodeLosslessRGB(image.rgb.data(), image.width, image.height, 3 * image.width, &buffer)
                               : WebPEncodeRGB(image.rgb.data(), image.width, image.height, 3 * image.width, 80, &buffer);
  Require(size > 0);
  std::string file(reinterpret_cast<const char*>(buffer), size);
  WebPFree(buffer);
  return file;
}

std::string PngHeaderOnly(uint32_t width, uint32_t height) {
  std::string chunk = "IHDR";
  for (const uint32_t value : {width, height}) {
    for (const int shift : {24, 16, 8, 0}) chunk += static_cast<char>(value >> shift & 0xff);
  }
  chunk += std::string("\x08\x02\0\0\0", 5);
  uint32_t crc = ~0u;
  for (const char c : chunk) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  std::string file = std::string("\x89PNG\r\n\x1a\n\0\0\0\x0d", 12) + chunk;
  for (const int shift : {24, 16, 8, 0}) file += static_cast<char>(~crc >> shift & 0xff);
  return file;
}

}  // namespace seedbed::image
