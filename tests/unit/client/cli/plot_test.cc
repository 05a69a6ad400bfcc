#include "client/cli/plot.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include "client/cli/text_format.h"
#include "gmock/gmock.h"

namespace seedbed::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kAscii = 40;

std::vector<std::string> Draw(std::vector<PlotSeries> series, int last, PlotOptions options) {
  return DrawPlot("loss", series, last, options);
}

TEST(DrawPlot, FallingLineInAscii) {
  const std::vector<std::string> lines = Draw({{"training", {3.0, 2.0, 1.0}}}, 3, {.width = kMinPlotWidth, .height = 3, .braille = false});
  EXPECT_THAT(lines, ElementsAre("loss                    ",  //
                                 "      3 |****           ",  //
                                 "      2 |    *******    ",  //
                                 "      1 |           ****",  //
                                 "        +---------------",  //
                                 "         1             3",  //
                                 "         * training     "));
}

TEST(DrawPlot, BrailleHasFourLinesOfDotsInOne) {
  const std::vector<std::string> lines = Draw({{"training", {0.0, 1.0}}}, 2, {.width = kMinPlotWidth, .height = 2, .braille = true});
  ASSERT_THAT(lines, SizeIs(6));
  // From the lowest dot on the left to the highest on the right.
  EXPECT_THAT(lines[2], HasSubstr("│⣀⡠"));
  EXPECT_THAT(lines[1], HasSubstr("⠊⠉"));
  for (const std::string& line : lines) EXPECT_EQ(DisplayWidth(line), kMinPlotWidth) << line;
}

TEST(DrawPlot, EveryLineIsAsWideAsAsked) {
  for (const bool braille : {false, true}) {
    for (const int width : {24, 36, 79}) {
      const std::vector<std::string> lines = Draw({{"training", {0.1, 0.5, 0.7}}, {"validation", {0.2, 0.3, 0.4}, true}}, 10,
                                                  {.width = width, .height = 5, .braille = braille});
      for (const std::string& line : lines) EXPECT_EQ(DisplayWidth(line), static_cast<size_t>(width)) << line;
    }
  }
}

TEST(DrawPlot, AsciiHasNoOtherCharacters) {
  const auto lines =
      Draw({{"training", {0.1, 0.5}}, {"validation", {0.2, 0.3}, true}}, 2, {.width = kAscii, .height = 5, .braille = false});
  for (const std::string& line : lines) {
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~') << line;
  }
  EXPECT_THAT(lines.back(), HasSubstr("* training"));
  EXPECT_THAT(lines.back(), HasSubstr("o validation"));
}

TEST(DrawPlot, ConstantMissingAndInfiniteValues) {
  for (const std::vector<std::optional<double>>& values :
       {std::vector<std::optional<double>>{}, {std::nullopt}, {2.0, 2.0}, {0.0}, {1.0, INFINITY, std::nullopt, NAN, 3.0}}) {
    const auto lines = Draw({{"training", values}}, 5, {.width = kAscii, .height = 5, .braille = false});
    EXPECT_THAT(lines, SizeIs(9));
    for (const std::string& line : lines) EXPECT_THAT(line, Not(HasSubstr("inf")));
  }
}

TEST(DrawPlot, SharesAreInPercent) {
  const auto lines = Draw({{"training", {0.25, 1.0}}}, 2, {.width = kAscii, .height = 3, .braille = false, .share = true});
  EXPECT_THAT(lines[1], HasSubstr("100.0%"));
  EXPECT_THAT(lines[3], HasSubstr("25.0%"));
}

TEST(ArrangePlots, BesideEachOtherWhereThereIsRoom) {
  const std::vector<std::string> left{"ab", "c "}, right{"xy", "z "};
  EXPECT_EQ(ArrangePlots(left, right, 6), "ab  xy\nc   z\n");
  EXPECT_EQ(ArrangePlots(left, right, 5), "ab\nc\nxy\nz\n");
}

class LocaleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG", "TERM"}) ::unsetenv(name);
  }
};

TEST_F(LocaleTest, TakesUtf8AsTheLocaleSays) {
  EXPECT_FALSE(TerminalTakesUtf8());
  ::setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_TRUE(TerminalTakesUtf8());
  ::setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(TerminalTakesUtf8());
  ::setenv("LC_ALL", "C.utf8", 1);
  EXPECT_TRUE(TerminalTakesUtf8());
  ::setenv("TERM", "linux", 1);
  EXPECT_FALSE(TerminalTakesUtf8());
}

}  // namespace
}  // namespace seedbed::cli
