#include "core/image/codec.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/image/test_images.h"

namespace seedbed::image {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::span<const std::byte> Bytes(std::string_view file) { return std::as_bytes(std::span(file)); }

int LargestDifference(const Image& a, const Image& b) {
  if (a.rgb.size() != b.rgb.size()) return 256;
  int largest = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) largest = std::max(largest, std::abs(a.rgb[i] - b.rgb[i]));
  return largest;
}

absl::StatusOr<Image> Decode(std::string_view file, const ImageLimits& limits = {}) {
  Image image;
  const absl::Status status = DecodeImage(Bytes(file), &image, limits);
  if (!status.ok()) return status;
  return image;
}

// One small file of each kind that takes a path of its own.
struct NamedFile {
  std::string name;
  std::string content;
};
std::vector<NamedFile> OneOfEach() {
  const Image image = MakePicture(61, 43);
  std::vector<uint8_t> grey16(2 * 61 * 43);
  for (size_t i = 0; i < grey16.size(); ++i) grey16[i] = static_cast<uint8_t>(i * 31);
  return {{"jpeg", EncodeJpeg(image)},
          {"jpeg_progressive", EncodeJpeg(image, {.progressive = true})},
          {"jpeg_grey", EncodeJpeg(image, {.grey = true})},
          {"jpeg_cmyk", EncodeJpeg(image, {.cmyk = true})},
          {"jpeg_restart", EncodeJpeg(image, {.restart_rows = 1})},
          {"png", EncodePng(image)},
          {"png_interlaced", EncodePng(61, 43, image.rgb, {.interlaced = true})},
          {"png_grey16", EncodePng(61, 43, grey16, {.bit_depth = 16, .color_type = 0})},
          {"webp_lossless", EncodeWebp(image, true)},
          {"webp_lossy", EncodeWebp(image, false)}};
}

TEST(ReadImageHeader, TellsFormatAndSizeFromTheContent) {
  for (const auto& [name, content] : OneOfEach()) {
    SB_ASSERT_OK_AND_ASSIGN(const ImageHeader header, ReadImageHeader(Bytes(content)));
    EXPECT_EQ(ImageFormatName(header.format), name.substr(0, name.find('_')));
    EXPECT_EQ(header.width, 61) << name;
    EXPECT_EQ(header.height, 43) << name;
  }
}

TEST(DecodeImage, GivesBackLosslessPictures) {
  const Image image = MakePicture(61, 43);
  for (const std::string& file : {EncodePng(image), EncodePng(61, 43, image.rgb, {.interlaced = true}), EncodeWebp(image, true)}) {
    SB_ASSERT_OK_AND_ASSIGN(const Image decoded, Decode(file));
    EXPECT_EQ(decoded.width, 61);
    EXPECT_EQ(decoded.height, 43);
    EXPECT_EQ(decoded.rgb, image.rgb);
  }
}

TEST(DecodeImage, ComesCloseToLossyPictures) {
  const Image flat{40, 30, std::vector<uint8_t>(3 * 40 * 30, 77)};
  for (const std::string& file : {EncodeJpeg(flat), EncodeJpeg(flat, {.progressive = true}), EncodeJpeg(flat, {.grey = true}),
                                  EncodeJpeg(flat, {.restart_rows = 1}), EncodeWebp(flat, false)}) {
    SB_ASSERT_OK_AND_ASSIGN(const Image decoded, Decode(file));
    EXPECT_LE(LargestDifference(decoded, flat), 3);
  }
}

TEST(DecodeImage, ConvertsInvertedCmyk) {
  const Image flat{16, 16, std::vector<uint8_t>(3 * 16 * 16, 100)};
  SB_ASSERT_OK_AND_ASSIGN(const Image decoded, Decode(EncodeJpeg(flat, {.cmyk = true})));
  // Stored inverted: ink 155, light 200 left by the key; 200 - 155 * 200 / 255.
  EXPECT_THAT(decoded.rgb, Each(AllOf(::testing::Ge(77), ::testing::Le(79))));
}

TEST(DecodeImage, ClipsGreyOf16BitsAsPillowDoes) {
  const std::vector<uint8_t> samples = {0, 0, 0, 7, 0, 255, 1, 0, 255, 255};
  SB_ASSERT_OK_AND_ASSIGN(const Image decoded, Decode(EncodePng(5, 1, samples, {.bit_depth = 16, .color_type = 0})));
  EXPECT_THAT(decoded.rgb, ::testing::ElementsAre(0, 0, 0, 7, 7, 7, 255, 255, 255, 255, 255, 255, 255, 255, 255));
}

TEST(DecodeImage, TakesTheHighByteOfColoursOf16Bits) {
  const std::vector<uint8_t> samples = {1, 255, 2, 0, 3, 128, 250, 250, 251, 0, 252, 1};
  SB_ASSERT_OK_AND_ASSIGN(const Image decoded, Decode(EncodePng(2, 1, samples, {.bit_depth = 16, .color_type = 2})));
  EXPECT_THAT(decoded.rgb, ::testing::ElementsAre(1, 2, 3, 250, 251, 252));
}

TEST(DecodeImage, DropsAlphaAndExpandsGrey) {
  SB_ASSERT_OK_AND_ASSIGN(const Image rgba, Decode(EncodePng(2, 1, {10, 20, 30, 0, 40, 50, 60, 255}, {.color_type = 6})));
  EXPECT_THAT(rgba.rgb, ::testing::ElementsAre(10, 20, 30, 40, 50, 60));
  SB_ASSERT_OK_AND_ASSIGN(const Image grey_alpha, Decode(EncodePng(2, 1, {10, 0, 40, 255}, {.color_type = 4})));
  EXPECT_THAT(grey_alpha.rgb, ::testing::ElementsAre(10, 10, 10, 40, 40, 40));
  SB_ASSERT_OK_AND_ASSIGN(const Image bits, Decode(EncodePng(3, 1, {0b10100000}, {.bit_depth = 1, .color_type = 0})));
  EXPECT_THAT(bits.rgb, ::testing::ElementsAre(255, 255, 255, 0, 0, 0, 255, 255, 255));
}

TEST(DecodeImage, ReusesTheBuffer) {
  Image image;
  SB_ASSERT_OK(DecodeImage(Bytes(EncodePng(MakePicture(50, 50))), &image));
  const uint8_t* const buffer = image.rgb.data();
  for (const auto& [name, content] :
       {NamedFile{"smaller", EncodePng(MakePicture(20, 20))}, NamedFile{"same", EncodeJpeg(MakePicture(50, 50))}}) {
    SB_ASSERT_OK(DecodeImage(Bytes(content), &image));
    EXPECT_EQ(image.rgb.data(), buffer) << name;
    EXPECT_EQ(image.rgb.size(), size_t{3} * static_cast<size_t>(image.width * image.height));
  }
}

TEST(DecodeImage, SaysWhatIsWrongWithFilesThatAreNoImages) {
  EXPECT_THAT(Decode(""), StatusIs(kInvalid, HasSubstr("empty")));
  EXPECT_THAT(Decode("these are my notes"), StatusIs(kInvalid, AllOf(HasSubstr("not a JPEG, PNG or WebP file"), HasSubstr("text"))));
  EXPECT_THAT(Decode(std::string("GIF89a\x01\0\x01\0", 10)), StatusIs(kInvalid, HasSubstr("47 49 46 38 39 61 01 00")));
  EXPECT_THAT(Decode("x"), StatusIs(kInvalid));
  EXPECT_THAT(ReadImageHeader(Bytes("text")), StatusIs(kInvalid, HasSubstr("text")));
}

TEST(DecodeImage, ChecksLimitsBeforeItMakesRoom) {
  Image image;
  const std::string bomb = PngHeaderOnly(30'000, 30'000);
  EXPECT_THAT(DecodeImage(Bytes(bomb), &image), StatusIs(kInvalid, AllOf(HasSubstr("30000 x 30000"), HasSubstr("16384"))));
  EXPECT_THAT(ReadImageHeader(Bytes(bomb)), StatusIs(kInvalid, HasSubstr("30000 x 30000")));
  EXPECT_THAT(DecodeImage(Bytes(PngHeaderOnly(16'000, 16'000)), &image),
              StatusIs(kInvalid, AllOf(HasSubstr("256000000"), HasSubstr("64000000"))));
  EXPECT_THAT(DecodeImage(Bytes(PngHeaderOnly(0x7fffffff, 0x7fffffff)), &image), StatusIs(kInvalid, HasSubstr("too large")));
  EXPECT_EQ(image.rgb.capacity(), 0u);
  for (const auto& [name, content] : OneOfEach()) {
    EXPECT_THAT(Decode(content, {.max_side = 60}), StatusIs(kInvalid, HasSubstr("limit for a side is 60"))) << name;
    EXPECT_THAT(Decode(content, {.max_pixels = 61 * 43 - 1}), StatusIs(kInvalid, HasSubstr("limit is 2622"))) << name;
    EXPECT_THAT(Decode(content, {.max_file_bytes = 9}), StatusIs(kInvalid, HasSubstr("limit is 9"))) << name;
    SB_EXPECT_OK(Decode(content, {.max_side = 61, .max_pixels = 61 * 43, .max_file_bytes = content.size()})) << name;
  }
}

TEST(DecodeImage, RefusesEveryTruncation) {
  for (const auto& [name, content] : OneOfEach()) {
    // Without its end marker alone (12 bytes in PNG) a file may still have all its pixels.
    for (size_t length = 1; length + 12 < content.size(); length += 7) {
      EXPECT_THAT(Decode(content.substr(0, length)), StatusIs(kInvalid)) << name << " cut to " << length << " of " << content.size();
    }
  }
}

TEST(DecodeImage, SurvivesDamageAnywhere) {
  Image image;
  for (const auto& [name, content] : OneOfEach()) {
    for (size_t at = 0; at < content.size(); at += 3) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = content;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        // Some damage cannot be noticed; then the picture is whole.
        if (DecodeImage(Bytes(damaged), &image).ok()) {
          ASSERT_EQ(image.rgb.size(), size_t{3} * static_cast<size_t>(image.width) * static_cast<size_t>(image.height));
        }
      }
    }
  }
}

TEST(DecodeImage, NoticesDamagedPngData) {
  const std::string file = EncodePng(MakePicture(61, 43));
  const size_t data = file.find("IDAT") + 4;
  for (size_t at = data; at < file.size() - 12; ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    ASSERT_THAT(Decode(damaged), StatusIs(kInvalid, HasSubstr("png file"))) << at;
  }
}

TEST(DecodeImage, SaysThatAFileIsTruncated) {
  for (const auto& [name, content] : OneOfEach()) {
    if (name == "jpeg_restart") continue;  // a marker stands where libjpeg looks for data, and it names that instead
    EXPECT_THAT(Decode(content.substr(0, content.size() * 2 / 3)), StatusIs(kInvalid, HasSubstr("truncated"))) << name;
  }
}

TEST(DecodeImage, RefusesJpegsOfEndlesslyManyScans) {
  const Image image = MakePicture(16, 16);
  std::string file = EncodeJpeg(image, {.progressive = true});
  // The last scan (of the end marker's two bytes) again and again.
  const size_t scan = file.rfind(std::string("\xff\xda"));
  const std::string repeated = file.substr(scan, file.size() - 2 - scan);
  file.resize(file.size() - 2);
  for (int i = 0; i < 1000; ++i) file += repeated;
  file += "\xff\xd9";
  EXPECT_THAT(Decode(file), StatusIs(kInvalid, HasSubstr("scans")));
}

}  // namespace
}  // namespace seedbed::image
