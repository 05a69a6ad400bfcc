#include "core/image/png_truecolour.h"

#include <libdeflate.h>
#include <spng.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/philox.h"
#include "gtest/gtest.h"
#include "tests/unit/core/image/test_images.h"

namespace seedbed::image {
namespace {

std::string BigEndian(size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string PngChunk(std::string_view type, std::string_view data) {
  const std::string covered = std::string(type) + std::string(data);
  return BigEndian(data.size()) + covered + BigEndian(libdeflate_crc32(0, covered.data(), covered.size()));
}

std::string Deflated(const std::string& bytes) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(libdeflate_alloc_compressor(6),
                                                                                                 libdeflate_free_compressor);
  std::string compressed(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()), '\0');
  compressed.resize(libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), compressed.data(), compressed.size()));
  return compressed;
}

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr std::string_view kForm("\x08\x02\0\0\0", 5);  // 8 bits, truecolour, not interlaced

std::string HeaderChunk(int width, int height, std::string_view form = kForm) {
  return PngChunk("IHDR", BigEndian(static_cast<size_t>(width)) + BigEndian(static_cast<size_t>(height)) + std::string(form));
}

// Lines of arbitrary bytes, each with the filter type that `filter` gives for it. Any bytes are a valid filtered line.
std::string FilteredLines(int width, int height, const std::function<int(int)>& filter) {
  std::string lines;
  RandomStream random(7, RandomPurpose::kGenerate);
  for (int y = 0; y < height; ++y) {
    lines += static_cast<char>(filter(y));
    for (int i = 0; i < 3 * width; ++i) lines += static_cast<char>(random.NextBelow(256));
  }
  return lines;
}

std::string PngOf(int width, int height, const std::string& body) {
  return std::string(kSignature) + HeaderChunk(width, height) + body + PngChunk("IEND", "");
}

std::span<const std::byte> Bytes(std::string_view file) { return std::as_bytes(std::span(file)); }

bool Decodes(const std::string& file, int width, int height, std::vector<uint8_t>* rgb) {
  return DecodeTruecolourPng(Bytes(file), {ImageFormat::kPng, width, height}, rgb);
}

// What libspng makes of the file; empty when it refuses.
std::vector<uint8_t> BySpng(const std::string& file) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(0), spng_ctx_free);
  size_t size = 0;
  if (spng_set_png_buffer(context.get(), file.data(), file.size()) != 0) return {};
  if (spng_decoded_image_size(context.get(), SPNG_FMT_RGB8, &size) != 0) return {};
  std::vector<uint8_t> rgb(size);
  if (spng_decode_image(context.get(), rgb.data(), size, SPNG_FMT_RGB8, 0) != 0) return {};
  return rgb;
}

class EachFilter : public ::testing::TestWithParam<int> {};

TEST_P(EachFilter, EqualsLibspngInPicturesOfAllSmallSizes) {
  for (int width = 1; width <= 9; ++width) {
    for (int height = 1; height <= 5; ++height) {
      const std::string file =
          PngOf(width, height, PngChunk("IDAT", Deflated(FilteredLines(width, height, [](int) { return GetParam(); }))));
      std::vector<uint8_t> rgb;
      ASSERT_TRUE(Decodes(file, width, height, &rgb)) << width << " x " << height;
      ASSERT_EQ(rgb, BySpng(file)) << width << " x " << height;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Filters, EachFilter, ::testing::Range(0, 5));

TEST(DecodeTruecolourPng, EqualsLibspngWithMixedFiltersAndDataInManyChunks) {
  const std::string compressed = Deflated(FilteredLines(61, 43, [](int y) { return y * 3 % 5; }));
  std::string body = PngChunk("gAMA", BigEndian(45455));
  for (size_t at = 0; at < compressed.size(); at += 100) body += PngChunk("IDAT", compressed.substr(at, 100));
  const std::string file = PngOf(61, 43, body + PngChunk("tEXt", std::string("k\0v", 3)));
  std::vector<uint8_t> rgb(5);
  ASSERT_TRUE(Decodes(file, 61, 43, &rgb));
  EXPECT_EQ(rgb, BySpng(file));
}

TEST(DecodeTruecolourPng, LeavesOtherKindsToLibspng) {
  const std::string data = PngChunk("IDAT", Deflated(FilteredLines(4, 3, [](int) { return 0; })));
  std::vector<uint8_t> rgb;
  ASSERT_TRUE(Decodes(PngOf(4, 3, data), 4, 3, &rgb));
  EXPECT_FALSE(Decodes(PngOf(4, 3, PngChunk("tRNS", std::string(6, '\0')) + data), 4, 3, &rgb));
  EXPECT_FALSE(Decodes(PngOf(4, 3, PngChunk("PLTE", std::string(3, '\0')) + data), 4, 3, &rgb));
  for (const std::string_view form : {std::string_view("\x08\x06\0\0\0", 5), std::string_view("\x08\x00\0\0\0", 5),
                                      std::string_view("\x10\x02\0\0\0", 5), std::string_view("\x08\x02\0\0\1", 5)}) {
    EXPECT_FALSE(Decodes(std::string(kSignature) + HeaderChunk(4, 3, form) + data + PngChunk("IEND", ""), 4, 3, &rgb));
  }
  const Image image = MakePicture(20, 10);
  EXPECT_FALSE(Decodes(EncodePng(20, 10, image.rgb, {.interlaced = true}), 20, 10, &rgb));
}

TEST(DecodeTruecolourPng, TakesNothingThatIsDamaged) {
  const std::string lines = FilteredLines(4, 3, [](int) { return 4; });
  const std::string compressed = Deflated(lines);
  const std::string half = PngChunk("IDAT", compressed.substr(0, 9));
  const std::string rest = PngChunk("IDAT", compressed.substr(9));
  std::vector<uint8_t> rgb;
  ASSERT_TRUE(Decodes(PngOf(4, 3, half + rest), 4, 3, &rgb));
  EXPECT_FALSE(Decodes(PngOf(4, 3, half), 4, 3, &rgb));
  EXPECT_FALSE(Decodes(PngOf(4, 3, ""), 4, 3, &rgb));
  EXPECT_FALSE(Decodes(PngOf(4, 3, half + PngChunk("tIME", "1234567") + rest), 4, 3, &rgb)) << "other chunks within the data";
  EXPECT_FALSE(Decodes(PngOf(4, 3, half + rest + PngChunk("IDAT", "x")), 4, 3, &rgb)) << "data after the picture";
  EXPECT_FALSE(Decodes(PngOf(4, 3, PngChunk("IDAT", Deflated(lines + "x"))), 4, 3, &rgb)) << "too many lines";
  EXPECT_FALSE(Decodes(PngOf(4, 3, PngChunk("IDAT", Deflated(lines.substr(1)))), 4, 3, &rgb)) << "too few";
  EXPECT_FALSE(Decodes(PngOf(4, 3, PngChunk("IDAT", Deflated(FilteredLines(4, 3, [](int y) { return y == 2 ? 5 : 0; })))), 4, 3, &rgb));
  EXPECT_FALSE(Decodes("", 4, 3, &rgb));
}

// Whatever one flipped bit does, a picture that is taken is the one that libspng gives.
TEST(DecodeTruecolourPng, AgreesWithLibspngOnEveryFlippedBit) {
  const std::string file = PngOf(5, 4, PngChunk("IDAT", Deflated(FilteredLines(5, 4, [](int y) { return y; }))));
  size_t taken = 0;
  for (size_t bit = 8 * (kSignature.size() + 25); bit < 8 * file.size(); ++bit) {
    std::string damaged = file;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    std::vector<uint8_t> rgb;
    if (!Decodes(damaged, 5, 4, &rgb)) continue;
    ++taken;
    ASSERT_EQ(rgb, BySpng(damaged)) << "bit " << bit;
  }
  EXPECT_EQ(taken, 0u) << "checksums cover every bit";
}

}  // namespace
}  // namespace seedbed::image
