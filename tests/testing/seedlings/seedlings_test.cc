#include "tests/testing/seedlings/seedlings.h"

#include <set>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/image/codec.h"
#include "gmock/gmock.h"
#include "tests/testing/seedlings/png_writer.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::testing {
namespace {

using ::testing::HasSubstr;

TEST(Seedlings, PictureDependsOnItsArgumentsAlone) {
  const image::Image first = DrawSeedling(3, 64, 1, 5);
  EXPECT_EQ(first.rgb, DrawSeedling(3, 64, 1, 5).rgb);
  EXPECT_NE(first.rgb, DrawSeedling(4, 64, 1, 5).rgb);
  EXPECT_NE(first.rgb, DrawSeedling(3, 64, 2, 5).rgb);
  EXPECT_NE(first.rgb, DrawSeedling(3, 64, 1, 6).rgb);
}

// Demo and benchmark numbers are only comparable while this holds.
TEST(Seedlings, PicturesAreTheSameOnAnyMachine) {
  const image::Image picture = DrawSeedling(8, 150, 0, 0);
  EXPECT_EQ(Sha256Hex(std::as_bytes(std::span(picture.rgb))), "538f23172b6b853d613bc8f57e13e74120ed92d2dae374335bcd339d90afc69b");
}

TEST(Seedlings, PngHoldsThePixels) {
  const image::Image picture = DrawSeedling(0, 40, 0, 0);
  SB_ASSERT_OK_AND_ASSIGN(const std::string file, EncodePng(picture));
  image::Image decoded;
  SB_ASSERT_OK(image::DecodeImage(std::as_bytes(std::span(file)), &decoded));
  EXPECT_EQ(decoded.width, 40);
  EXPECT_EQ(decoded.rgb, picture.rgb);
}

TEST(Seedlings, FilesDoNotDependOnThreads) {
  const TemporaryDirectory one;
  const TemporaryDirectory four;
  ThreadPool single(1);
  ThreadPool several(4);
  const SeedlingSet set{.classes = 12, .per_class = 3, .size = 32, .seed = 9};
  SB_ASSERT_OK(WriteSeedlings(one.path(), set, &single));
  SB_ASSERT_OK(WriteSeedlings(four.path(), set, &several));
  std::set<std::string> contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(one.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string content = ReadFile(entry.path()).value();
    EXPECT_EQ(ReadFile(four.path() / entry.path().lexically_relative(one.path())).value(), content);
    contents.insert(content);
  }
  EXPECT_EQ(contents.size(), 36u);
  EXPECT_TRUE(std::filesystem::exists(one.path() / "Shepherd’s Purse" / "00002.png"));
}

TEST(Seedlings, RefusesNumbersOutOfRange) {
  const TemporaryDirectory folder;
  ThreadPool pool(1);
  EXPECT_THAT(WriteSeedlings(folder.path(), {.classes = 13}, &pool), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1 to 12")));
  EXPECT_THAT(WriteSeedlings(folder.path(), {.per_class = -1}, &pool), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(WriteSeedlings(folder.path(), {.size = 8}, &pool), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace seedbed::testing
