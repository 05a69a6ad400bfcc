#include "core/augment/pixel_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/philox_bulk.h"

namespace seedbed::augment {
namespace {

std::vector<bool> Widths() { return InstructionSet() == "baseline" ? std::vector<bool>{false} : std::vector<bool>{false, true}; }

TEST(PixelKernelsTest, LinesAreCutOffAtBothEndsWithoutFractions) {
  const Lines lines{.offset = {127, 0, -3}, .slope = {1.5, 0.8f, 1}, .centre = 0};
  for (const bool wide : Widths()) {
    // Whole registers and a rest.
    std::vector<uint8_t> rgb(3 * 85);
    std::iota(rgb.begin(), rgb.end(), uint8_t{0});
    ChoosePixelKernels(wide).apply_lines(lines, rgb);
    for (size_t i = 0; i < rgb.size(); ++i) {
      const float exact = lines.offset[i % 3] + lines.slope[i % 3] * static_cast<float>(i);
      ASSERT_EQ(rgb[i], static_cast<uint8_t>(std::clamp(exact, 0.0f, 255.0f))) << i << (wide ? " wide" : "");
    }
  }
}

TEST(PixelKernelsTest, NoiseRoundsToTheNearestLevel) {
  std::vector<uint32_t> words(500);
  FillRandom(1, RandomPurpose::kAugment, 2, 0, words);
  for (const bool wide : Widths()) {
    std::vector<uint16_t> numbers;
    std::vector<int16_t> levels, quantiles;
    for (const uint32_t word : words) {
      numbers.push_back(static_cast<uint16_t>(word));
      levels.push_back(static_cast<int16_t>(word >> 18));  // up to 4 standard deviations
    }
    quantiles = levels;
    constexpr int16_t kScale = 12 * 256 + 7, kHalf = 8;
    ChoosePixelKernels(wide).scale_noise({.scale = kScale, .offset = kHalf}, numbers, levels);
    for (size_t i = 0; i < levels.size(); ++i) {
      const double exact = quantiles[i] / 4096.0 * kScale / 256.0 * (numbers[i] >> 15 ? -1 : 1);
      ASSERT_NEAR(levels[i], exact, 0.5 + 1e-9) << i << (wide ? " wide" : "");
    }
  }
}

TEST(PixelKernelsTest, LevelsAreAddedAndCutOff) {
  const std::vector<int16_t> levels = {-300, -1, 0, 1, 300, 5, -5};
  for (const bool wide : Widths()) {
    for (const size_t repeats : {1, 13}) {
      std::vector<int16_t> added;
      for (size_t i = 0; i < repeats; ++i) added.insert(added.end(), levels.begin(), levels.end());
      std::vector<uint8_t> values(added.size(), 100);
      ChoosePixelKernels(wide).add_levels(added, values.data());
      for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], std::clamp(100 + added[i], 0, 255)) << i;
    }
  }
}

TEST(PixelKernelsTest, FlipsRowsOfAnyLength) {
  for (const bool wide : Widths()) {
    for (size_t pixels = 0; pixels < 45; ++pixels) {
      std::vector<uint8_t> row(3 * pixels + 1), expected;
      std::iota(row.begin(), row.end(), uint8_t{1});
      for (size_t i = pixels; i-- > 0;) expected.insert(expected.end(), {row[3 * i], row[3 * i + 1], row[3 * i + 2]});
      expected.push_back(row.back());
      ChoosePixelKernels(wide).flip_pixels(std::span(row).first(3 * pixels));
      ASSERT_EQ(row, expected) << pixels << (wide ? " wide" : "");
    }
  }
}

}  // namespace
}  // namespace seedbed::augment
