#include "core/augment/warp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/augment/warp_kernels.h"
#include "core/base/philox.h"

namespace seedbed::augment {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

std::vector<uint8_t> Noise(size_t bytes) {
  RandomStream random(1, RandomPurpose::kGenerate);
  std::vector<uint8_t> noise(bytes);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random.NextBelow(256));
  return noise;
}

std::vector<uint8_t> Warped(std::vector<uint8_t> rgb, int width, int height, const Warping& warping) {
  Scratch scratch;
  Warp(warping, {.width = width, .height = height, .rgb = rgb}, &scratch);
  return rgb;
}

// A row of four grey pixels 10 20 30 40, from which the pixels shift, shift + 1, ... are taken; one channel of the result.
std::vector<int> Shifted(double shift, Border border, Interpolation interpolation = Interpolation::kBilinear) {
  std::vector<uint8_t> rgb;
  for (const uint8_t grey : {10, 20, 30, 40}) rgb.insert(rgb.end(), 3, grey);
  rgb = Warped(rgb, 4, 1, {.map = {.x0 = shift}, .border = border, .interpolation = interpolation, .fill = {90, 90, 90}});
  std::vector<int> greys;
  for (size_t i = 0; i < rgb.size(); i += 3) {
    EXPECT_EQ(rgb[i], rgb[i + 1]);
    EXPECT_EQ(rgb[i], rgb[i + 2]);
    greys.push_back(rgb[i]);
  }
  return greys;
}

TEST(Warp, LeavesPicturesAloneWithTheIdentity) {
  const std::vector<uint8_t> noise = Noise(size_t{3} * 17 * 11);
  for (const Border border : {Border::kNearest, Border::kReflect, Border::kReflect101, Border::kWrap, Border::kGridWrap, Border::kConstant,
                              Border::kBlendedConstant}) {
    for (const Interpolation interpolation : {Interpolation::kNearest, Interpolation::kBilinear}) {
      for (const double bias : {0.0, 0.5, 0.99}) {
        const Warping identity{.border = border, .interpolation = interpolation, .bias = bias};
        EXPECT_EQ(Warped(noise, 17, 11, identity), noise);
      }
    }
  }
}

TEST(Warp, ContinuesThePictureAsTheBorderSays) {
  EXPECT_THAT(Shifted(-3, Border::kNearest), ElementsAre(10, 10, 10, 10));
  EXPECT_THAT(Shifted(2, Border::kNearest), ElementsAre(30, 40, 40, 40));
  EXPECT_THAT(Shifted(-3, Border::kReflect), ElementsAre(30, 20, 10, 10));
  EXPECT_THAT(Shifted(2, Border::kReflect), ElementsAre(30, 40, 40, 30));
  EXPECT_THAT(Shifted(-3, Border::kReflect101), ElementsAre(40, 30, 20, 10));
  EXPECT_THAT(Shifted(2, Border::kReflect101), ElementsAre(30, 40, 30, 20));
  EXPECT_THAT(Shifted(-2, Border::kWrap), ElementsAre(20, 30, 10, 20));
  EXPECT_THAT(Shifted(2, Border::kWrap), ElementsAre(30, 40, 20, 30));
  EXPECT_THAT(Shifted(-3, Border::kGridWrap), ElementsAre(20, 30, 40, 10));
  EXPECT_THAT(Shifted(2, Border::kGridWrap), ElementsAre(30, 40, 10, 20));
  EXPECT_THAT(Shifted(-3, Border::kConstant), ElementsAre(90, 90, 90, 10));
  EXPECT_THAT(Shifted(2, Border::kBlendedConstant), ElementsAre(30, 40, 90, 90));
}

TEST(Warp, InterpolatesAcrossTheBorderAsItSays) {
  EXPECT_THAT(Shifted(0.5, Border::kNearest), ElementsAre(15, 25, 35, 40));
  EXPECT_THAT(Shifted(0.5, Border::kReflect), ElementsAre(15, 25, 35, 40));
  EXPECT_THAT(Shifted(0.5, Border::kReflect101), ElementsAre(15, 25, 35, 35));
  EXPECT_THAT(Shifted(0.5, Border::kWrap), ElementsAre(15, 25, 35, 15));
  EXPECT_THAT(Shifted(0.5, Border::kGridWrap), ElementsAre(15, 25, 35, 25));
  EXPECT_THAT(Shifted(0.5, Border::kConstant), ElementsAre(15, 25, 35, 90));
  EXPECT_THAT(Shifted(0.5, Border::kBlendedConstant), ElementsAre(15, 25, 35, 65));
  EXPECT_THAT(Shifted(-0.5, Border::kBlendedConstant), ElementsAre(50, 15, 25, 35));
  EXPECT_THAT(Shifted(0.4, Border::kBlendedConstant, Interpolation::kNearest), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(Shifted(0.6, Border::kBlendedConstant, Interpolation::kNearest), ElementsAre(20, 30, 40, 90));
}

TEST(Warp, CutsOffOrRoundsByTheBias) {
  const std::vector<uint8_t> rgb = {10, 10, 10, 13, 13, 13};
  EXPECT_EQ(Warped(rgb, 2, 1, {.map = {.x0 = 0.5}, .bias = 0}).front(), 11);
  EXPECT_EQ(Warped(rgb, 2, 1, {.map = {.x0 = 0.5}, .bias = 0.5}).front(), 12);
}

TEST(Warp, TurnsAQuarterExactly) {
  // Column x, row y from column y, row 2 - x: clockwise about the centre.
  const AffineMap quarter = AboutPoint({.xx = 0, .xy = 1, .yx = -1, .yy = 0}, 1, 1);
  const std::vector<uint8_t> noise = Noise(27);
  std::vector<uint8_t> expected(27);
  for (size_t y = 0; y < 3; ++y) {
    for (size_t x = 0; x < 3; ++x) std::copy_n(&noise[3 * (3 * (2 - x) + y)], 3, &expected[3 * (3 * y + x)]);
  }
  EXPECT_EQ(Warped(noise, 3, 3, {.map = quarter, .border = Border::kConstant}), expected);
  EXPECT_EQ(Warped(expected, 3, 3, {.map = Inverse(quarter), .border = Border::kConstant}), noise);
}

TEST(Warp, TakesPicturesOfOnePixelAndOneLine) {
  const AffineMap turn{.xx = 0.3, .xy = -0.9, .x0 = -5, .yx = 0.9, .yy = 0.3, .y0 = 7};
  for (const Border border : {Border::kNearest, Border::kReflect, Border::kReflect101, Border::kWrap, Border::kGridWrap}) {
    EXPECT_THAT(Warped({1, 2, 3}, 1, 1, {.map = turn, .border = border}), ElementsAre(1, 2, 3));
    const std::vector<uint8_t> line(size_t{3} * 500, 7);
    EXPECT_EQ(Warped(line, 500, 1, {.map = turn, .border = border}), line);
    EXPECT_EQ(Warped(line, 1, 500, {.map = turn, .border = border}), line);
  }
  EXPECT_THAT(Warped({1, 2, 3}, 1, 1, {.map = turn, .border = Border::kConstant, .fill = {4, 5, 6}}), ElementsAre(4, 5, 6));
}

TEST(Warp, BearsPositionsFarAway) {
  for (const Border border :
       {Border::kNearest, Border::kReflect, Border::kReflect101, Border::kWrap, Border::kGridWrap, Border::kConstant}) {
    const AffineMap far{.xx = 1e9, .x0 = -1e12, .yx = 1e9, .yy = -1e10};
    EXPECT_EQ(Warped(std::vector<uint8_t>(3 * 64, 9), 8, 8, {.map = far, .border = border, .fill = {9, 9, 9}}),
              std::vector<uint8_t>(3 * 64, 9));
  }
}

TEST(SampleRow, GivesTheSameBytesWithAndWithoutVectors) {
  constexpr int kWidth = 40, kHeight = 30, kPixels = 1000;
  std::vector<uint8_t> source = Noise(size_t{3} * kWidth * kHeight + kSampleOverread);
  RandomStream random(2, RandomPurpose::kGenerate);
  std::vector<int32_t> offset, x_weights, y_weights;
  for (int i = 0; i < kPixels; ++i) {
    const uint32_t x = random.NextBelow(kWidth - 1), y = random.NextBelow(kHeight - 1);
    offset.push_back(static_cast<int32_t>(3 * (y * kWidth + x)));
    x_weights.push_back(PackWeights(static_cast<int32_t>(random.NextBelow(kWeightOne + 1))));
    y_weights.push_back(PackWeights(static_cast<int32_t>(random.NextBelow(kWeightOne + 1))));
  }
  x_weights[0] = y_weights[0] = PackWeights(kWeightOne);
  x_weights[1] = y_weights[1] = PackWeights(0);
  std::vector<uint8_t> vectors(size_t{3} * kPixels), portable(vectors.size());
  for (const int32_t bias : {0, 1 << (kValueBits - 1), (1 << kValueBits) - 1}) {
    SampleRow(source.data(), size_t{3} * kWidth, {offset, x_weights, y_weights}, bias, vectors.data());
    SampleRowPortably(source.data(), size_t{3} * kWidth, {offset, x_weights, y_weights}, bias, portable.data());
    EXPECT_EQ(vectors, portable);
  }
}

TEST(AffineMap, ComposesAndInverts) {
  const AffineMap map{.xx = 2, .xy = 1, .x0 = 3, .yx = -1, .yy = 4, .y0 = -2};
  const AffineMap round = Compose(map, Inverse(map));
  EXPECT_NEAR(round.xx, 1, 1e-12);
  EXPECT_NEAR(round.xy, 0, 1e-12);
  EXPECT_NEAR(round.x0, 0, 1e-12);
  EXPECT_NEAR(round.yy, 1, 1e-12);
  EXPECT_NEAR(round.y0, 0, 1e-12);
  // The point stays where it is.
  const AffineMap about = AboutPoint({.xx = 2, .yy = 3}, 5, 7);
  EXPECT_DOUBLE_EQ(about.xx * 5 + about.xy * 7 + about.x0, 5);
  EXPECT_DOUBLE_EQ(about.yx * 5 + about.yy * 7 + about.y0, 7);
}

TEST(Flip, MirrorsColumnsAndRows) {
  std::vector<uint8_t> rgb = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  const std::vector<uint8_t> before = rgb;
  const Picture picture{.width = 3, .height = 2, .rgb = rgb};
  FlipColumns(picture);
  EXPECT_THAT(rgb, ElementsAre(7, 8, 9, 4, 5, 6, 1, 2, 3, 16, 17, 18, 13, 14, 15, 10, 11, 12));
  FlipRows(picture);
  EXPECT_THAT(rgb, ElementsAre(16, 17, 18, 13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3));
  FlipColumns(picture);
  FlipRows(picture);
  EXPECT_THAT(rgb, ElementsAreArray(before));
}

}  // namespace
}  // namespace seedbed::augment
