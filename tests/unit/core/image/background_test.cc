#include "core/image/background.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace seedbed::image {
namespace {

std::vector<uint8_t> Removed(const BackgroundRemoval& removal, int width, int height, std::vector<uint8_t> rgb) {
  std::vector<uint8_t> bytes(BackgroundBytes(removal, width, height));
  std::vector<int32_t> integers(BackgroundIntegers(removal, width, height));
  RemoveBackground(removal, width, height, rgb, bytes, integers);
  return rgb;
}

BackgroundRemoval ExcessGreen() {
  BackgroundRemoval removal;
  removal.method = BackgroundRemoval::Method::kExcessGreen;
  removal.median = 0;
  return removal;
}

BackgroundRemoval Seedlings() {
  BackgroundRemoval removal;
  removal.colours = {SeedlingColours().begin(), SeedlingColours().end()};
  return removal;
}

struct Vector {
  Rgb rgb;
  int distances[4];
  bool kept;
};

// Worked out by hand from the formula.
constexpr Vector kVectors[] = {
    {{80, 100, 40}, {979, 3474, 1350, 6805}, true},   {{90, 110, 50}, {3524, 7871, 216, 11609}, true},
    {{60, 60, 60}, {4303, 6129, 11325, 871}, false},  {{40, 60, 20}, {5733, 2822, 18848, 2081}, false},
    {{0, 0, 0}, {44483, 34978, 73470, 27828}, false}, {{255, 255, 255}, {314612, 350726, 249081, 358079}, false},
    {{38, 86, 71}, {5440, 9361, 9551, 5028}, false},
};

TEST(BackgroundTest, DistancesAreThoseOfTheFormula) {
  for (const Vector& vector : kVectors) {
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(RedmeanDistance(vector.rgb, SeedlingColours()[i].rgb), vector.distances[i]);
  }
  EXPECT_EQ(RedmeanDistance({0, 0, 0}, {255, 255, 255}), kMaxRedmeanDistance);
}

TEST(BackgroundTest, KeepsWhatIsNearALeafColour) {
  for (const Vector& vector : kVectors) {
    const std::vector<uint8_t> pixel(vector.rgb.begin(), vector.rgb.end());
    EXPECT_EQ(Removed(Seedlings(), 1, 1, pixel), vector.kept ? pixel : std::vector<uint8_t>(3, 0));
  }
}

TEST(BackgroundTest, TheThresholdItselfIsNear) {
  BackgroundRemoval removal;
  removal.fill = {1, 2, 3};
  removal.colours = {{.rgb = {71, 86, 38}, .threshold = 979}};
  EXPECT_EQ(Removed(removal, 1, 1, {80, 100, 40}), (std::vector<uint8_t>{80, 100, 40}));
  removal.colours[0].threshold = 978;
  EXPECT_EQ(Removed(removal, 1, 1, {80, 100, 40}), (std::vector<uint8_t>{1, 2, 3}));
}

// Every threshold's arithmetic, on every instruction set that the processor has.
TEST(BackgroundTest, MasksEachPixelOfLongLines) {
  constexpr int kWidth = 20'000;
  std::vector<uint8_t> rgb;
  for (int x = 0; x < kWidth; ++x) {
    for (const int factor : {7, 13, 29}) rgb.push_back(static_cast<uint8_t>(x * factor / 5));
  }
  for (const int threshold : {0, 500, 1600, 15'874, 15'875, 15'876, 15'877, 40'000, 300'000, kMaxRedmeanDistance}) {
    for (const Rgb& colour : {Rgb{71, 86, 38}, Rgb{0, 0, 0}, Rgb{255, 255, 255}, Rgb{255, 0, 128}}) {
      const ColourBall ball = {.rgb = colour, .threshold = threshold};
      for (const std::string_view instruction_set : {std::string_view("baseline"), InstructionSet()}) {
        std::vector<uint8_t> mask(kWidth);
        MaskByColour(rgb, {&ball, 1}, mask, instruction_set);
        for (size_t x = 0; x < mask.size(); ++x) {
          const bool near = RedmeanDistance({rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2]}, colour) <= threshold;
          ASSERT_EQ(mask[x], near ? 255 : 0) << x << ", threshold " << threshold << ", " << instruction_set;
        }
      }
    }
  }
}

TEST(BackgroundTest, ExcessGreenIsAboveTheThreshold) {
  BackgroundRemoval removal = ExcessGreen();
  removal.green_threshold = kGreenSteps / 10;
  // (2 * 110 - 95 - 95) / 300 = 0.1 exactly: not above it.
  EXPECT_EQ(Removed(removal, 3, 1, {95, 110, 95, 95, 111, 94, 0, 0, 0}), (std::vector<uint8_t>{0, 0, 0, 95, 111, 94, 0, 0, 0}));
  removal.green_threshold = -1;
  EXPECT_EQ(Removed(removal, 1, 1, {0, 0, 0}), (std::vector<uint8_t>{0, 0, 0}));
  removal.mask = true;
  EXPECT_EQ(Removed(removal, 2, 1, {0, 0, 0, 9, 0, 9}), (std::vector<uint8_t>{255, 255, 255, 0, 0, 0})) << "black has no excess";
}

TEST(BackgroundTest, OtsuDividesTheGreenFromTheRest) {
  BackgroundRemoval removal = ExcessGreen();
  removal.otsu = removal.mask = true;
  // Shares of green: 0.33, 0.36, 0.5, 0.55.
  EXPECT_EQ(Removed(removal, 4, 1, {50, 50, 50, 32, 36, 32, 50, 100, 50, 45, 110, 45}),
            (std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255}));
  EXPECT_EQ(Removed(removal, 2, 1, {50, 50, 50, 60, 60, 60}), std::vector<uint8_t>(6, 0)) << "nothing to divide";
}

TEST(BackgroundTest, CleansTheMaskBeforeFilling) {
  BackgroundRemoval removal = Seedlings();
  removal.median = 0;
  removal.mask = true;
  removal.keep_largest = true;
  const std::vector<uint8_t> leaf = {71, 86, 38}, soil = {120, 90, 70};
  std::vector<uint8_t> rgb;
  for (const auto* pixel : {&leaf, &soil, &leaf, &leaf, &soil, &leaf}) rgb.insert(rgb.end(), pixel->begin(), pixel->end());
  const auto kept = [&] {
    const std::vector<uint8_t> mask = Removed(removal, 6, 1, rgb);
    std::vector<int> first;
    for (size_t i = 0; i < mask.size(); i += 3) first.push_back(mask[i] / 255);
    return first;
  };
  EXPECT_EQ(kept(), (std::vector<int>{0, 0, 1, 1, 0, 0}));
  removal.close = 1;
  EXPECT_EQ(kept(), (std::vector<int>{1, 1, 1, 1, 1, 1}));
  removal.close = 0;
  removal.open = 1;
  EXPECT_EQ(kept(), (std::vector<int>{0, 0, 0, 0, 0, 0}));
}

TEST(BackgroundTest, TheMedianBlursTheFilledPicture) {
  BackgroundRemoval removal = Seedlings();
  removal.median = 3;
  removal.fill = {10, 20, 30};
  std::vector<uint8_t> rgb(27, 200);
  const std::vector<uint8_t> leaf = {71, 86, 38};
  std::copy(leaf.begin(), leaf.end(), rgb.begin() + 12);
  std::vector<uint8_t> filled;
  for (int i = 0; i < 9; ++i) filled.insert(filled.end(), {10, 20, 30});
  EXPECT_EQ(Removed(removal, 3, 3, rgb), filled) << "a single pixel vanishes";
}

}  // namespace
}  // namespace seedbed::image
