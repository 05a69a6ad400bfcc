#include "core/image/png_writer.h"

#include "core/image/codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/image/test_images.h"

namespace seedbed::image {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<Image> Decode(std::string_view file) {
  Image image;
  const absl::Status status = DecodeImage(std::as_bytes(std::span(file)), &image);
  if (!status.ok()) return status;
  return image;
}

TEST(EncodePng, GivesPicturesBackAsTheyWere) {
  for (const auto& [width, height] : {std::pair(61, 43), std::pair(1, 1), std::pair(1, 300), std::pair(2000, 1)}) {
    const Image image = MakePicture(width, height);
    SB_ASSERT_OK_AND_ASSIGN(const std::string file, EncodePng(AsPngPicture(image)));
    SB_ASSERT_OK_AND_ASSIGN(const Image decoded, Decode(file));
    EXPECT_EQ(decoded.width, width);
    EXPECT_EQ(decoded.height, height);
    EXPECT_EQ(decoded.rgb, image.rgb);
  }
}

TEST(EncodePng, WritesGreyAndAlpha) {
  const std::vector<uint8_t> samples = {10, 20, 30, 40};
  SB_ASSERT_OK_AND_ASSIGN(const std::string grey, EncodePng({.width = 2, .height = 2, .channels = 1, .samples = samples}));
  SB_ASSERT_OK_AND_ASSIGN(const Image decoded_grey, Decode(grey));
  EXPECT_THAT(decoded_grey.rgb, ElementsAre(10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40));
  SB_ASSERT_OK_AND_ASSIGN(const std::string alpha, EncodePng({.width = 1, .height = 1, .channels = 4, .samples = samples}));
  SB_ASSERT_OK_AND_ASSIGN(const Image decoded_alpha, Decode(alpha));
  EXPECT_THAT(decoded_alpha.rgb, ElementsAre(10, 20, 30));
}

TEST(EncodePng, IsTheSameFileForTheSamePicture) {
  const Image image = MakePicture(61, 43);
  SB_ASSERT_OK_AND_ASSIGN(const std::string first, EncodePng(AsPngPicture(image)));
  SB_ASSERT_OK_AND_ASSIGN(const std::string second, EncodePng(AsPngPicture(image)));
  EXPECT_EQ(first, second);
}

TEST(EncodePng, RefusesSamplesThatAreNoSuchPicture) {
  const std::vector<uint8_t> samples(12);
  EXPECT_THAT(EncodePng({.width = 3, .height = 2, .channels = 3, .samples = samples}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no picture of 3x2 pixels and 3 channels has 12 samples")));
  EXPECT_THAT(EncodePng(PngPicture{}).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0x0")));
  EXPECT_THAT(EncodePng({.width = 2, .height = 1, .channels = 6, .samples = samples}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("6 channels")));
}

}  // namespace
}  // namespace seedbed::image
