#include "core/augment/suggest_colours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/augment/pipeline.h"
#include "core/base/philox.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::augment {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

constexpr int kSide = 60;

bool IsLeaf(int x, int y) { return (x - 30) * (x - 30) + (y - 30) * (y - 30) < 300; }

// A round seedling of two greens on soil and gravel, with noise.
image::Image DrawSeedling(uint64_t seed) {
  image::Image picture{.width = kSide, .height = kSide, .rgb = {}};
  RandomStream random(seed, RandomPurpose::kGenerate);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      std::array<int, 3> colour = x % 9 < 4 ? std::array<int, 3>{120, 95, 75} : std::array<int, 3>{150, 150, 155};
      if (IsLeaf(x, y)) colour = y < 30 ? std::array<int, 3>{70, 120, 50} : std::array<int, 3>{110, 165, 90};
      for (const int level : colour) {
        picture.rgb.push_back(static_cast<uint8_t>(std::clamp(level + std::lround(6 * random.NextNormal()), 0l, 255l)));
      }
    }
  }
  return picture;
}

TEST(SuggestColoursTest, DividesLeavesFromTheRest) {
  const std::vector<image::Image> pictures = {DrawSeedling(1), DrawSeedling(2), DrawSeedling(3)};
  SB_ASSERT_OK_AND_ASSIGN(nlohmann::json settings, SuggestColours(pictures, 4, 7));
  EXPECT_LE(settings["colours"].size(), 4u);
  settings["median"] = 0;
  settings["mask"] = true;
  SB_ASSERT_OK_AND_ASSIGN(const Pipeline pipeline, Pipeline::Parse({{{"remove_background", settings}}}, "pipeline"));
  image::Image picture = DrawSeedling(4);
  Scratch scratch;
  pipeline.Apply({}, {.width = kSide, .height = kSide, .rgb = picture.rgb}, &scratch);
  int leaves = 0, kept = 0, wrong = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool foreground = picture.rgb[3 * (y * kSide + x)] != 0;
      leaves += IsLeaf(x, y) ? 1 : 0;
      kept += IsLeaf(x, y) && foreground ? 1 : 0;
      wrong += !IsLeaf(x, y) && foreground ? 1 : 0;
    }
  }
  EXPECT_GT(kept, 0.85 * leaves);
  EXPECT_EQ(wrong, 0);
}

TEST(SuggestColoursTest, TheSeedDecides) {
  const std::vector<image::Image> pictures = {DrawSeedling(1), DrawSeedling(2)};
  SB_ASSERT_OK_AND_ASSIGN(const nlohmann::json first, SuggestColours(pictures, 3, 7));
  SB_ASSERT_OK_AND_ASSIGN(const nlohmann::json second, SuggestColours(pictures, 3, 7));
  EXPECT_EQ(first, second);
}

TEST(SuggestColoursTest, FindsFewColoursWhereThereAreFew) {
  image::Image picture{.width = 2, .height = 1, .rgb = {40, 160, 40, 128, 128, 128}};
  SB_ASSERT_OK_AND_ASSIGN(const nlohmann::json settings, SuggestColours({&picture, 1}, 8, 0));
  EXPECT_EQ(settings, nlohmann::json::parse(R"({"colours": [[40, 160, 40]], "thresholds": [100]})"));
}

TEST(SuggestColoursTest, SaysWhyThereIsNothingToSuggest) {
  image::Image grey{.width = 2, .height = 1, .rgb = {10, 10, 10, 128, 128, 128}};
  EXPECT_THAT(SuggestColours({&grey, 1}, 4, 0),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nothing in the pictures is greener")));
  EXPECT_THAT(SuggestColours({}, 4, 0), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no picture")));
  EXPECT_THAT(SuggestColours({&grey, 1}, 0, 0), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("count is 0")));
  EXPECT_THAT(SuggestColours({&grey, 1}, 17, 0), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("between 1 and 16")));
}

}  // namespace
}  // namespace seedbed::augment
