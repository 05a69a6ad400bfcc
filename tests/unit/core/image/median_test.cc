#include "core/image/median.h"

#include <algorithm>
#include <vector>

#include "core/base/philox.h"
#include "gtest/gtest.h"

namespace seedbed::image {
namespace {

struct Noise {
  int width, height;
  std::vector<uint8_t> rgb;
};

// Of so many levels: few of them give many equal values.
Noise MakeNoise(int width, int height, uint32_t levels, uint64_t seed) {
  Noise noise{.width = width, .height = height, .rgb = std::vector<uint8_t>(size_t{3} * width * height)};
  RandomStream random(seed, RandomPurpose::kGenerate);
  for (uint8_t& sample : noise.rgb) sample = static_cast<uint8_t>(random.NextBelow(levels) * 255 / (levels - 1));
  return noise;
}

uint8_t MedianAt(const Noise& noise, int x, int y, int channel, int size) {
  std::vector<uint8_t> window;
  for (int dy = -size / 2; dy <= size / 2; ++dy) {
    for (int dx = -size / 2; dx <= size / 2; ++dx) {
      const int column = std::clamp(x + dx, 0, noise.width - 1), line = std::clamp(y + dy, 0, noise.height - 1);
      window.push_back(noise.rgb[3 * (line * noise.width + column) + channel]);
    }
  }
  std::nth_element(window.begin(), window.begin() + window.size() / 2, window.end());
  return window[window.size() / 2];
}

std::vector<uint8_t> Expected(const Noise& noise, int size) {
  std::vector<uint8_t> rgb;
  for (int y = 0; y < noise.height; ++y) {
    for (int x = 0; x < noise.width; ++x) {
      for (int channel = 0; channel < 3; ++channel) rgb.push_back(MedianAt(noise, x, y, channel, size));
    }
  }
  return rgb;
}

// Those that this processor has.
std::vector<std::string_view> InstructionSets() {
  if (InstructionSet() == "avx512") return {"baseline", "avx2", "avx512"};
  if (InstructionSet() == "avx2") return {"baseline", "avx2"};
  return {"baseline"};
}

struct Case {
  int width, height;
};

constexpr Case kCases[] = {{1, 1}, {1, 9}, {2, 3}, {3, 2}, {23, 17}, {150, 6}, {181, 5}, {400, 3}};

TEST(MedianTest, SortsWindowsAndRepeatsTheEdge) {
  for (const auto& [width, height] : kCases) {
    for (int size = 3; size <= kMaxMedianSize; size += 2) {
      const Noise noise = MakeNoise(width, height, size % 4 == 1 ? 256 : 5, size);
      const std::vector<uint8_t> expected = Expected(noise, size);
      for (const std::string_view instruction_set : InstructionSets()) {
        std::vector<uint8_t> rgb = noise.rgb, workspace(MedianWorkspaceBytes(width, height, size));
        MedianBlur(width, height, size, rgb, workspace, instruction_set);
        EXPECT_EQ(rgb, expected) << width << "x" << height << ", size " << size << ", " << instruction_set;
      }
    }
  }
}

TEST(MedianTest, TakesLinesOfAnyLength) {
  const Noise noise = MakeNoise(20'000, 1, 256, 1);
  std::vector<uint8_t> rgb = noise.rgb, workspace(MedianWorkspaceBytes(noise.width, 1, 9));
  MedianBlur(noise.width, 1, 9, rgb, workspace);
  EXPECT_EQ(rgb, Expected(noise, 9));
}

TEST(MedianTest, FilledPicturesGiveTheSame) {
  constexpr std::array<uint8_t, 3> kFill = {200, 0, 90};
  for (const auto& [width, height] : kCases) {
    for (int size = 3; size <= kMaxMedianSize; size += 2) {
      for (const uint32_t one_in : {2u, 3u, 40u}) {
        Noise noise = MakeNoise(width, height, 256, size);
        std::vector<uint8_t> mask(size_t{1} * width * height);
        RandomStream random(one_in, RandomPurpose::kGenerate);
        for (size_t i = 0; i < mask.size(); ++i) {
          // Stripes of noise: windows of every share of filling.
          mask[i] = i / 40 % 2 == 0 && random.NextBelow(one_in) != 1 ? 255 : 0;
          if (mask[i] == 0) std::copy(kFill.begin(), kFill.end(), noise.rgb.begin() + 3 * i);
        }
        const std::vector<uint8_t> expected = Expected(noise, size);
        std::vector<uint8_t> workspace(MedianWorkspaceBytes(width, height, size));
        MedianBlurFilled(width, height, size, mask, kFill, noise.rgb, workspace);
        EXPECT_EQ(noise.rgb, expected) << width << "x" << height << ", size " << size << ", one in " << one_in;
      }
    }
  }
}

TEST(MedianTest, KnowsItsSizes) {
  for (const int size : {-1, 0, 1, 2, 4, 16, 17}) EXPECT_FALSE(IsMedianSize(size));
  for (const int size : {3, 9, 15}) EXPECT_TRUE(IsMedianSize(size));
}

}  // namespace
}  // namespace seedbed::image
