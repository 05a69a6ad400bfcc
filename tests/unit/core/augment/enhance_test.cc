// Parity with Pillow is that of tests/parity/augment; here is what can be worked out by hand.
#include "core/augment/enhance.h"

#include <gtest/gtest.h>

#include <vector>

namespace seedbed::augment {
namespace {

using Bytes = std::vector<uint8_t>;

// Of one row.
template <typename Change>
Bytes Changed(Bytes pixels, Change change) {
  change(Picture{.width = static_cast<int>(pixels.size() / 3), .height = 1, .rgb = pixels});
  return pixels;
}

TEST(EnhanceTest, BrightnessMultipliesAndDropsFractions) {
  EXPECT_EQ(Changed({10, 101, 200}, [](Picture picture) { AdjustBrightness(picture, 1.5f); }), (Bytes{15, 151, 255}));
  EXPECT_EQ(Changed({10, 101, 200}, [](Picture picture) { AdjustBrightness(picture, 0); }), (Bytes{0, 0, 0}));
}

TEST(EnhanceTest, ContrastLeadsAwayFromTheMean) {
  const Bytes greys = {100, 100, 100, 200, 200, 200};
  EXPECT_EQ(Changed(greys, [](Picture picture) { AdjustContrast(picture, 0); }), (Bytes{150, 150, 150, 150, 150, 150}));
  EXPECT_EQ(Changed(greys, [](Picture picture) { AdjustContrast(picture, 1.5f); }), (Bytes{75, 75, 75, 225, 225, 225}));
}

TEST(EnhanceTest, WithoutSaturationAPictureIsGrey) {
  // 0.299 * 255 = 76.2
  EXPECT_EQ(Changed({255, 0, 0}, [](Picture picture) { AdjustSaturation(picture, 0); }), (Bytes{76, 76, 76}));
  EXPECT_EQ(Changed({255, 0, 0}, Grayscale), (Bytes{76, 76, 76}));
}

TEST(EnhanceTest, HueTurnsRoundTheCircle) {
  EXPECT_EQ(Changed({255, 0, 0}, [](Picture picture) { AdjustHue(picture, 0.5); }),
            (Bytes{0, 255, 252}));  // half a turn is 127 of 255 steps
  EXPECT_EQ(Changed({9, 9, 9}, [](Picture picture) { AdjustHue(picture, 0.3); }), (Bytes{9, 9, 9}));
}

TEST(EnhanceTest, SharpnessChangesNoEdge) {
  Scratch scratch;
  Bytes pixels(27, 100);
  for (size_t c = 12; c < 15; ++c) pixels[c] = 230;
  AdjustSharpness({.width = 3, .height = 3, .rgb = pixels}, 0, &scratch);
  Bytes expected(27, 100);
  for (size_t c = 12; c < 15; ++c) expected[c] = 150;  // (8 * 100 + 5 * 230) / 13
  EXPECT_EQ(pixels, expected);
}

TEST(EnhanceTest, TablesOfValues) {
  EXPECT_EQ(Changed({255, 100, 7}, [](Picture picture) { Posterize(picture, 3); }), (Bytes{224, 96, 0}));
  EXPECT_EQ(Changed({255, 100, 99}, [](Picture picture) { Solarize(picture, 100); }), (Bytes{0, 155, 99}));
  EXPECT_EQ(Changed({255, 100, 0}, Invert), (Bytes{0, 155, 255}));
}

TEST(EnhanceTest, AutoContrastStretchesEachChannel) {
  EXPECT_EQ(Changed({10, 50, 3, 20, 50, 5, 15, 50, 4}, AutoContrast), (Bytes{0, 50, 0, 255, 50, 255, 127, 50, 127}));
}

TEST(EnhanceTest, FewPixelsCannotBeEqualized) {
  EXPECT_EQ(Changed({10, 50, 3, 20, 50, 5}, Equalize), (Bytes{10, 50, 3, 20, 50, 5}));
  Bytes pixels;
  for (int i = 0; i < 1024; ++i) pixels.insert(pixels.end(), 3, static_cast<uint8_t>(100 + i / 256));
  const Bytes equal = Changed(pixels, Equalize);
  EXPECT_EQ(equal.front(), 0);
  EXPECT_EQ(equal.back(), 255);
}

}  // namespace
}  // namespace seedbed::augment
