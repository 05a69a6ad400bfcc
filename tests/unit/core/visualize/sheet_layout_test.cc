#include "core/visualize/sheet_layout.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::visualize {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

image::Image OfSize(int width, int height) { return {width, height, {}}; }

ContactSheet Sheet(int rows, int cells, int side, const std::string& name = "Shepherd’s Purse") {
  ContactSheet sheet{.title = "samples of seedlings:1", .notes = {"12 classes"}, .columns = {}, .rows = {}};
  for (int c = 0; c < cells; ++c) sheet.columns.push_back(absl::StrCat("column ", c));
  for (int r = 0; r < rows; ++r) {
    SheetRow row{.heading = name, .note = absl::StrCat("row ", r), .cells = {}};
    for (int c = 0; c < cells; ++c) row.cells.push_back({OfSize(side, side), absl::StrCat("image_", r, "_", c, ".png")});
    sheet.rows.push_back(row);
  }
  return sheet;
}

absl::StatusOr<SheetLayout> LaidOut(const ContactSheet& sheet) {
  absl::StatusOr<SheetFonts> fonts = SheetFonts::Create();
  if (!fonts.ok()) return fonts.status();
  return LayOut(sheet, *fonts);
}

std::vector<Box> BoxesOf(const SheetLayout& layout) {
  std::vector<Box> boxes;
  for (const PlacedText& text : layout.texts) boxes.push_back(text.box);
  for (const PlacedPicture& picture : layout.pictures) boxes.push_back(picture.box);
  return boxes;
}

bool Overlap(const Box& a, const Box& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

void ExpectNothingOverlapsOrIsCutOff(const SheetLayout& layout) {
  const std::vector<Box> boxes = BoxesOf(layout);
  for (size_t i = 0; i < boxes.size(); ++i) {
    EXPECT_GE(boxes[i].x, 16);
    EXPECT_GE(boxes[i].y, 16);
    EXPECT_LE(boxes[i].x + boxes[i].width, layout.width - 16);
    EXPECT_LE(boxes[i].y + boxes[i].height, layout.height - 16);
    for (size_t k = 0; k < i; ++k) EXPECT_FALSE(Overlap(boxes[i], boxes[k])) << i << " and " << k;
  }
}

TEST(LayOut, KeepsEverythingApartAndWithinTheMargins) {
  for (const int side : {1, 40, 88, 150, 256}) {
    SB_ASSERT_OK_AND_ASSIGN(const SheetLayout layout, LaidOut(Sheet(3, 4, side)));
    EXPECT_THAT(layout.pictures, SizeIs(12));
    ExpectNothingOverlapsOrIsCutOff(layout);
  }
}

TEST(LayOut, MakesRoomForLongTexts) {
  const std::string words = "a class whose name goes on and on, as names of diseases and of parts of machines do in some sets of images";
  ContactSheet sheet = Sheet(3, 3, 100, words);
  sheet.title = sheet.notes[0] = sheet.columns[1] = sheet.rows[1].note = sheet.rows[2].cells[1].caption = words;
  sheet.rows[0].heading = std::string(300, 'M');
  SB_ASSERT_OK_AND_ASSIGN(const SheetLayout layout, LaidOut(sheet));
  ExpectNothingOverlapsOrIsCutOff(layout);
}

TEST(LayOut, TakesRowsOfAnyLengthAndPicturesOfAnySize) {
  ContactSheet sheet = Sheet(4, 3, 60);
  sheet.rows[0].cells.resize(1);
  sheet.rows[1].cells.clear();
  sheet.rows[2].cells[1].picture = OfSize(200, 30);
  sheet.rows[2].cells[2].picture = OfSize(0, 0);
  sheet.rows[3].cells.resize(9, sheet.rows[3].cells[0]);
  SB_ASSERT_OK_AND_ASSIGN(const SheetLayout layout, LaidOut(sheet));
  EXPECT_THAT(layout.pictures, SizeIs(1 + 0 + 2 + 9));
  ExpectNothingOverlapsOrIsCutOff(layout);
}

TEST(LayOut, PutsPicturesInRowsAndColumns) {
  const ContactSheet sheet = Sheet(2, 3, 100);
  SB_ASSERT_OK_AND_ASSIGN(const SheetLayout layout, LaidOut(sheet));
  ASSERT_THAT(layout.pictures, SizeIs(6));
  for (size_t i = 0; i < 6; ++i) {
    const PlacedPicture& placed = layout.pictures[i];
    EXPECT_EQ(placed.picture, &sheet.rows[i / 3].cells[i % 3].picture);
    EXPECT_EQ(placed.box.x, layout.pictures[i % 3].box.x);
    EXPECT_EQ(placed.box.y, layout.pictures[i / 3 * 3].box.y);
    EXPECT_EQ(placed.box.width, 100);
    EXPECT_EQ(placed.box.height, 100);
  }
  EXPECT_LT(layout.pictures[0].box.x, layout.pictures[1].box.x);
  EXPECT_LT(layout.pictures[0].box.y, layout.pictures[3].box.y);
}

TEST(LayOut, NeedsNoRowsNorHeadings) {
  ContactSheet sheet = Sheet(1, 2, 100);
  sheet.columns.clear();
  sheet.rows[0].heading = sheet.rows[0].note = "";
  SB_ASSERT_OK_AND_ASSIGN(const SheetLayout layout, LaidOut(sheet));
  EXPECT_EQ(layout.pictures[0].box.x, layout.texts[0].box.x) << "pictures begin where the title does";
  ExpectNothingOverlapsOrIsCutOff(layout);
  sheet.rows.clear();
  SB_ASSERT_OK_AND_ASSIGN(const SheetLayout empty, LaidOut(sheet));
  ExpectNothingOverlapsOrIsCutOff(empty);
}

TEST(LayOut, RefusesSheetsThatNobodyCouldOpen) {
  const auto refused = [](std::string_view size) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(std::string(size))); };
  EXPECT_THAT(LaidOut(Sheet(200, 2, 100)).status(), refused("16384 a side and 64000000 in all"));
  EXPECT_THAT(LaidOut(Sheet(2, 200, 100)).status(), refused("fewer images"));
  EXPECT_THAT(LaidOut(Sheet(40, 40, 200)).status(), refused("the sheet would have"));
}

}  // namespace
}  // namespace seedbed::visualize
