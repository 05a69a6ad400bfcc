#include "core/visualize/contact_sheet.h"

#include <cstdlib>
#include <filesystem>

#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/image/png_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/seedlings/seedlings.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::visualize {
namespace {

using ::seedbed::testing::DrawSeedling;
using ::seedbed::testing::StatusIs;
using ::testing::Each;

ContactSheet SeedlingSheet() {
  ContactSheet sheet{.title = "Samples of seedlings:1",
                     .notes = {"3 classes, 3 of 120 images each; as training sees them: 72x72, bilinear"},
                     .columns = {"original", "epoch 0", "blurred and turned"},
                     .rows = {}};
  const char* names[] = {"Maize", "Shepherd’s Purse", "Small-flowered Cranesbill of the northern meadows"};
  for (int species = 0; species < 3; ++species) {
    SheetRow row{.heading = names[species], .note = "40 images", .cells = {}};
    for (uint64_t number = 0; number < 3; ++number) {
      row.cells.push_back({ShownPicture(DrawSeedling(species, 72, 5, number)), number == 2 ? "a_rather_long_name_0123.png" : "7.png"});
    }
    sheet.rows.push_back(std::move(row));
  }
  return sheet;
}

absl::StatusOr<image::Image> ReadPng(const std::filesystem::path& path) {
  absl::StatusOr<std::string> file = ReadFile(path);
  if (!file.ok()) return file.status();
  image::Image image;
  const absl::Status status = image::DecodeImage(std::as_bytes(std::span(*file)), &image);
  if (!status.ok()) return status;
  return image;
}

// Writes the sheet beside the tests' other temporary files: to be looked at, and to become the golden one when it is better.
std::string Kept(const image::Image& sheet) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "seedbed_contact_sheet.png";
  const absl::StatusOr<std::string> file = image::EncodePng(image::AsPngPicture(sheet));
  SB_EXPECT_OK(file.status());
  SB_EXPECT_OK(PublishFile(path, *file));
  return path.string();
}

// Another version of FreeType may shade letters otherwise; nothing may stand elsewhere or look different.
TEST(DrawSheet, LooksAsItDid) {
  SB_ASSERT_OK_AND_ASSIGN(const image::Image sheet, DrawSheet(SeedlingSheet()));
  const std::string kept = Kept(sheet);
  SB_ASSERT_OK_AND_ASSIGN(const image::Image golden, ReadPng(std::filesystem::path(SB_GOLDEN_FOLDER) / "contact_sheet.png"));
  ASSERT_EQ(sheet.width, golden.width) << kept;
  ASSERT_EQ(sheet.height, golden.height) << kept;
  size_t different = 0;
  for (size_t i = 0; i < golden.rgb.size(); ++i) different += std::abs(sheet.rgb[i] - golden.rgb[i]) > 24 ? 1 : 0;
  EXPECT_LT(different, golden.rgb.size() / 1000) << "see " << kept;
}

TEST(DrawSheet, IsTheSameEachTime) {
  SB_ASSERT_OK_AND_ASSIGN(const image::Image first, DrawSheet(SeedlingSheet()));
  SB_ASSERT_OK_AND_ASSIGN(const image::Image second, DrawSheet(SeedlingSheet()));
  EXPECT_EQ(first.rgb, second.rgb);
}

TEST(DrawSheet, ShowsEveryPixelOfAPicture) {
  image::Image picture = DrawSeedling(1, 80, 0, 0);
  ContactSheet sheet{.title = "", .notes = {}, .columns = {}, .rows = {{.heading = "", .note = "", .cells = {{picture, ""}}}}};
  SB_ASSERT_OK_AND_ASSIGN(const image::Image drawn, DrawSheet(sheet));
  const auto row = [](const image::Image& image, int x, int y, int width) {
    const auto begin = image.rgb.begin() + 3 * (y * image.width + x);
    return std::vector<uint8_t>(begin, begin + 3 * width);
  };
  int top = 0;
  while (top < drawn.height - 80 && row(drawn, 24, top, 80) != row(picture, 0, 0, 80)) ++top;
  for (int y = 0; y < 80; ++y) ASSERT_EQ(row(drawn, 24, top + y, 80), row(picture, 0, y, 80)) << y;
}

TEST(CheckSheet, NeedsNoPixels) {
  ContactSheet sheet{.title = "t", .notes = {}, .columns = {}, .rows = {}};
  sheet.rows.assign(10, {.heading = "", .note = "", .cells = std::vector<SheetCell>(10, {image::Image{200, 200, {}}, ""})});
  SB_EXPECT_OK(CheckSheet(sheet));
  sheet.rows.resize(100, sheet.rows[0]);
  EXPECT_THAT(CheckSheet(sheet), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ShownPicture, BringsPicturesToASizeThatCanBeLookedAt) {
  const auto size = [](int width, int height) {
    const ShownSize shown = ShownSizeOf(width, height);
    return std::pair(shown.width, shown.height);
  };
  EXPECT_EQ(size(150, 150), std::pair(150, 150));
  EXPECT_EQ(size(64, 20), std::pair(64, 20));
  EXPECT_EQ(size(256, 1), std::pair(256, 1));
  EXPECT_EQ(size(512, 300), std::pair(256, 150));
  EXPECT_EQ(size(4096, 1), std::pair(256, 1));
  EXPECT_EQ(size(28, 28), std::pair(84, 84));
  EXPECT_EQ(size(1, 1), std::pair(64, 64));
  const image::Image grey{2, 1, {9, 9, 9, 200, 200, 200}};
  const image::Image shown = ShownPicture(grey);
  EXPECT_EQ(shown.width, 64);
  EXPECT_EQ(shown.rgb[3 * 31], 9);
  EXPECT_EQ(shown.rgb[3 * 32], 200);
  EXPECT_EQ(ShownPicture({600, 300, {}}).height, 128);
  EXPECT_TRUE(ShownPicture({600, 300, {}}).rgb.empty());
  EXPECT_THAT(ShownPicture({600, 600, std::vector<uint8_t>(3 * 600 * 600, 7)}).rgb, Each(7));
}

}  // namespace
}  // namespace seedbed::visualize
