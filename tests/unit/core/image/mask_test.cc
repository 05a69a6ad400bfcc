#include "core/image/mask.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace seedbed::image {
namespace {

// Lines of '#' and '.', one under the other.
struct Drawing {
  explicit Drawing(const std::vector<std::string_view>& lines)
      : width(static_cast<int>(lines[0].size())), height(static_cast<int>(lines.size())) {
    for (const std::string_view line : lines) {
      for (const char pixel : line) mask.push_back(pixel == '#' ? kForeground : 0);
    }
  }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines(static_cast<size_t>(height));
    for (size_t i = 0; i < mask.size(); ++i) lines[i / static_cast<size_t>(width)] += mask[i] != 0 ? '#' : '.';
    return lines;
  }

  int width, height;
  std::vector<uint8_t> mask;
};

using Lines = std::vector<std::string>;

Lines Changed(void (*change)(int, int, int, std::span<uint8_t>, std::span<uint8_t>), int radius,
              const std::vector<std::string_view>& lines) {
  Drawing drawing(lines);
  std::vector<uint8_t> scratch(drawing.mask.size());
  change(drawing.width, drawing.height, radius, drawing.mask, scratch);
  return drawing.Lines();
}

Lines Largest(const std::vector<std::string_view>& lines) {
  Drawing drawing(lines);
  std::vector<int32_t> scratch(2 * drawing.mask.size());
  KeepLargestPart(drawing.width, drawing.height, drawing.mask, scratch);
  return drawing.Lines();
}

TEST(MaskTest, ErodesAndDilatesBySquares) {
  EXPECT_EQ(Changed(Erode, 1, {".....", ".###.", ".###.", ".###.", "....."}), (Lines{".....", ".....", "..#..", ".....", "....."}));
  EXPECT_EQ(Changed(Dilate, 1, {".....", ".....", "..#..", ".....", "....."}), (Lines{".....", ".###.", ".###.", ".###.", "....."}));
  EXPECT_EQ(Changed(Dilate, 2, {"#.....", "......", "......", "......"}), (Lines{"###...", "###...", "###...", "......"}));
}

TEST(MaskTest, TheEdgeDecidesNothing) {
  EXPECT_EQ(Changed(Erode, 1, {"##", "##"}), (Lines{"##", "##"}));
  EXPECT_EQ(Changed(Erode, 7, {"#"}), (Lines{"#"}));
  EXPECT_EQ(Changed(Erode, 50, {"##.#######"}), (Lines{".........."}));
}

TEST(MaskTest, OpeningTakesSpecksAway) {
  EXPECT_EQ(Changed(Open, 1, {"#......", "..###..", "..###..", "..###.#"}), (Lines{".......", "..###..", "..###..", "..###.."}));
}

TEST(MaskTest, ClosingFillsGaps) {
  EXPECT_EQ(Changed(Close, 1, {".........", ".........", "..##.##..", "..##.##..", ".........", "........."}),
            (Lines{".........", ".........", "..#####..", "..#####..", ".........", "........."}));
}

TEST(MaskTest, RadiusZeroChangesNothing) {
  EXPECT_EQ(Changed(Open, 0, {"#.#"}), (Lines{"#.#"}));
  EXPECT_EQ(Changed(Close, 0, {"#.#"}), (Lines{"#.#"}));
}

TEST(MaskTest, KeepsTheLargestPart) {
  EXPECT_EQ(Largest({"##...", "...#.", "..#.#"}), (Lines{".....", "...#.", "..#.#"}));
  EXPECT_EQ(Largest({"#.#", "#.#"}), (Lines{"#..", "#.."})) << "the first of several";
  EXPECT_EQ(Largest({"..", ".."}), (Lines{"..", ".."}));
  EXPECT_EQ(Largest({"#####", "....#", "#####", "#....", "####."}), (Lines{"#####", "....#", "#####", "#....", "####."}));
}

}  // namespace
}  // namespace seedbed::image
