#include "core/visualize/typeface.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::visualize {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr Colour kBlack = {0, 0, 0};

Typeface Font(Typeface::Weight weight = Typeface::Weight::kRegular, int pixels = 16) {
  absl::StatusOr<Typeface> font = Typeface::Create(weight, pixels);
  SB_EXPECT_OK(font.status());
  return *std::move(font);
}

image::Image WhitePicture(int width, int height) {
  return {width, height, std::vector<uint8_t>(static_cast<size_t>(3 * width * height), 255)};
}

// Columns of the picture in which anything was drawn, first and last.
std::pair<int, int> InkColumns(const image::Image& image) {
  std::pair<int, int> columns(image.width, -1);
  for (int i = 0; i < image.width * image.height; ++i) {
    if (image.rgb[static_cast<size_t>(3 * i)] == 255) continue;
    columns = {std::min(columns.first, i % image.width), std::max(columns.second, i % image.width)};
  }
  return columns;
}

TEST(Typeface, MeasuresWhatItDraws) {
  const Typeface font = Font();
  for (const char* text : {"Maize", "Shepherd’s Purse", "Ärzte & Öl", "мак", "0a1b2c.png"}) {
    image::Image picture = WhitePicture(300, 40);
    font.Draw(text, 20, 25, kBlack, &picture);
    const auto [first, last] = InkColumns(picture);
    EXPECT_NEAR(first, 20, 2) << text;
    EXPECT_NEAR(last, 20 + font.Width(text), 3) << text;
  }
  EXPECT_EQ(font.Width(""), 0);
  EXPECT_GT(Font(Typeface::Weight::kBold).Width("Maize"), font.Width("Maize"));
  EXPECT_GT(font.line_height(), font.ascent());
}

TEST(Typeface, DrawsLettersBeyondAsciiAsThemselves) {
  const auto drawn = [](std::string_view text) {
    image::Image picture = WhitePicture(40, 30);
    Font().Draw(text, 5, 20, kBlack, &picture);
    return picture.rgb;
  };
  EXPECT_NE(drawn("é"), drawn("e"));
  EXPECT_NE(drawn("’"), drawn("'"));
  EXPECT_NE(drawn("ж"), drawn("ш"));
  EXPECT_NE(drawn("\xE9"), drawn("é")) << "a byte that is not UTF-8";
  EXPECT_EQ(drawn("\xE9"), drawn("\uFFFD"));
}

TEST(Typeface, CutsLettersOffAtTheEdges) {
  image::Image picture = WhitePicture(10, 6);
  for (const auto& [x, baseline] : {std::pair(-5, 3), {8, 3}, {0, -3}, {0, 14}, {-500, 3}, {500, 3}, {0, -500}, {0, 500}}) {
    Font().Draw("WWW", x, baseline, kBlack, &picture);
  }
  EXPECT_THAT(picture.rgb, SizeIs(180));
}

TEST(Typeface, ShortensInTheMiddle) {
  const Typeface font = Font();
  EXPECT_EQ(font.Shortened("Maize", 200), "Maize");
  const std::string text = "a_very_long_name_of_a_file_0123.png";
  for (const int width : {30, 60, 120, 200}) {
    const std::string shortened = font.Shortened(text, width);
    EXPECT_LE(font.Width(shortened), width);
    EXPECT_THAT(shortened, StartsWith("a"));
    EXPECT_NE(shortened.find("…"), std::string::npos);
  }
  EXPECT_THAT(font.Shortened(text, 200), EndsWith(".png"));
  EXPECT_EQ(font.Shortened(text, 0), "…");
}

TEST(Typeface, WrapsAtSpaces) {
  const Typeface font = Font();
  const int width = font.Width("Small-flowered") + 2;
  EXPECT_THAT(font.Wrapped("Small-flowered Cranesbill", width, 2), ElementsAre("Small-flowered", "Cranesbill"));
  EXPECT_THAT(font.Wrapped("Maize", width, 2), ElementsAre("Maize"));
  EXPECT_THAT(font.Wrapped("", width, 2), ElementsAre(""));
  EXPECT_THAT(font.Wrapped("one two three four five six seven eight", width, 2), SizeIs(2));
  EXPECT_THAT(font.Wrapped("Unbrechbarerbegriffmitvielenbuchstaben x", width, 3), ElementsAre(::testing::HasSubstr("…"), "x"));
  EXPECT_THAT(font.Wrapped("Unbrechbarerbegriffmitvielenbuchstaben", width, 3), ElementsAre(::testing::HasSubstr("…")));
  for (const std::string& line : font.Wrapped("one two three four five six seven eight", width, 2)) EXPECT_LE(font.Width(line), width);
}

TEST(Typeface, WrapsBehindWhatJoinsWordsAndKeepsNumbersWhole) {
  const Typeface font = Font();
  const int width = font.Width("Loose_Silky-bent");
  EXPECT_THAT(font.Wrapped("Loose_Silky-bent 11.7 %", width, 4), ElementsAre("Loose_Silky-bent", "11.7 %"));
  EXPECT_THAT(font.Wrapped("Loose_Silky-bent", width - 1, 4), ElementsAre("Loose_Silky-", "bent"));
  EXPECT_THAT(font.Wrapped("2. random_resized_crop", font.Width("random_resized_"), 2), ElementsAre("2. random_", "resized_crop"));
  EXPECT_THAT(font.Wrapped("-0.000375 to 1e-05", font.Width("-0.000375"), 4), ElementsAre("-0.000375", "to 1e-05"));
}

TEST(Typeface, LongTextsAreNoWorkOfTheirSquare) {
  const Typeface font = Font();
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "x ";
  EXPECT_THAT(font.Wrapped(text, 100, 4), SizeIs(4));
  EXPECT_LE(font.Width(font.Shortened(text, 100)), 100);
}

}  // namespace
}  // namespace seedbed::visualize
