#include "core/visualize/attribution/occlusion.h"

#include <algorithm>
#include <cmath>

#include "core/base/philox.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::visualize {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::Each;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int kWidth = 11, kHeight = 8;

std::vector<float> SomeInput() {
  RandomStream random(3, RandomPurpose::kGenerate);
  std::vector<float> input(3 * kWidth * kHeight);
  for (float& value : input) value = random.NextUniform();
  return input;
}

// Any function of the input that is not linear.
float ScoreOf(std::span<const float> input) {
  float sum = 0;
  for (size_t i = 0; i < input.size(); ++i) sum += std::sin(input[i] * static_cast<float>(i % 7)) * 0.01f;
  return sum;
}

absl::Status Score(std::span<const float> inputs, std::span<float> scores) {
  const size_t values = inputs.size() / scores.size();
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = ScoreOf(inputs.subspan(i * values, values));
  return absl::OkStatus();
}

// The definition, pixel by pixel.
std::vector<float> Plain(const std::vector<float>& input, int window, int stride) {
  std::vector<double> sums(kWidth * kHeight), counts(kWidth * kHeight);
  std::vector<float> mean(3);
  for (size_t i = 0; i < input.size(); ++i) mean[i % 3] += input[i] / (kWidth * kHeight);
  for (int top = 0; top == 0 || top - stride + window < kHeight; top += stride) {
    for (int left = 0; left == 0 || left - stride + window < kWidth; left += stride) {
      std::vector<float> covered = input;
      const auto in_window = [&](int x, int y) { return x >= left && x < left + window && y >= top && y < top + window; };
      for (int i = 0; i < kWidth * kHeight; ++i) {
        if (in_window(i % kWidth, i / kWidth)) std::ranges::copy(mean, covered.begin() + ptrdiff_t{3} * i);
      }
      for (int i = 0; i < kWidth * kHeight; ++i) {
        if (!in_window(i % kWidth, i / kWidth)) continue;
        sums[static_cast<size_t>(i)] += ScoreOf(input) - ScoreOf(covered);
        ++counts[static_cast<size_t>(i)];
      }
    }
  }
  std::vector<float> map;
  for (size_t i = 0; i < sums.size(); ++i) map.push_back(static_cast<float>(sums[i] / counts[i]));
  return map;
}

OcclusionOptions Options(int window, int stride, size_t batch = 4) {
  return {.width = kWidth, .height = kHeight, .channels = 3, .window = window, .stride = stride, .batch = batch};
}

TEST(Occlusion, IsItsDefinition) {
  const std::vector<float> input = SomeInput();
  for (const auto& [window, stride] : {std::pair{1, 1}, {3, 2}, {4, 4}, {8, 1}, {8, 8}, {5, 3}}) {
    SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> map, Occlusion(input, Options(window, stride), Score, nullptr));
    EXPECT_THAT(map, Pointwise(FloatNear(1e-5f), Plain(input, window, stride))) << window << " every " << stride;
  }
}

TEST(Occlusion, DoesNotDependOnTheBatch) {
  const std::vector<float> input = SomeInput();
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> one_by_one, Occlusion(input, Options(3, 2, 1), Score, nullptr));
  for (const size_t batch : {2, 7, 1000}) EXPECT_EQ(*Occlusion(input, Options(3, 2, batch), Score, nullptr), one_by_one);
}

TEST(Occlusion, OfOneColourChangesNothing) {
  const std::vector<float> grey(3 * kWidth * kHeight, 0.5f);
  EXPECT_THAT(*Occlusion(grey, Options(3, 2), Score, nullptr), Each(FloatNear(0, 1e-6f)));
}

TEST(Occlusion, TellsHowFarItIsAndStops) {
  std::vector<size_t> told;
  const auto stop = [&](size_t done, size_t total) {
    told.push_back(done);
    EXPECT_EQ(total, 5u * 4u);
    return done < 8;
  };
  EXPECT_THAT(Occlusion(SomeInput(), Options(3, 2), Score, stop).status(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(told, (std::vector<size_t>{4, 8}));
}

TEST(Occlusion, RefusesWhatLeavesPixelsOut) {
  for (const auto& [window, stride] : {std::pair{0, 1}, {9, 1}, {3, 0}, {3, 4}, {-1, -1}}) {
    EXPECT_THAT(Occlusion(SomeInput(), Options(window, stride), Score, nullptr).status(), StatusIs(kInvalid, HasSubstr("must be 1 to")));
  }
  const auto fails = [](std::span<const float>, std::span<float>) { return absl::InternalError("the net broke"); };
  EXPECT_THAT(Occlusion(SomeInput(), Options(3, 2), fails, nullptr).status(), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace seedbed::visualize
