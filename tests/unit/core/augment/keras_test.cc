#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/augment/keras_transform.h"
#include "core/augment/pipeline.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<uint8_t> Applied(const json& step, std::vector<uint8_t> rgb, int width, int height, const Sample& sample = {}) {
  Scratch scratch;
  const auto pipeline = Pipeline::ParseRandom(json::array({step}), "augment");
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  pipeline->Apply(sample, {.width = width, .height = height, .rgb = rgb}, &scratch);
  return rgb;
}

std::string Error(const json& settings, const char* step = "keras") {
  const json steps = json::array({json{{step, settings}}});
  return std::string(Pipeline::ParseRandom(steps, "augment").status().message());
}

// Where the map takes its pixels from, as (x, y).
std::pair<double, double> At(const AffineMap& map, double x, double y) {
  return {map.xx * x + map.xy * y + map.x0, map.yx * x + map.yy * y + map.y0};
}

TEST(KerasMap, TurnsAboutTheCentreOfEachKeras) {
  const KerasTransform turn{.theta = 90};
  const AffineMap new_map = KerasMap(turn, 5, 5, KerasCompat::kKeras3), old_map = KerasMap(turn, 5, 5, KerasCompat::kKeras2);
  EXPECT_NEAR(At(new_map, 2, 2).first, 2, 1e-12);
  EXPECT_NEAR(At(new_map, 2, 2).second, 2, 1e-12);
  EXPECT_NEAR(At(old_map, 3, 3).first, 3, 1e-12);
  EXPECT_NEAR(At(old_map, 3, 3).second, 3, 1e-12);
  // The upper left corner comes from the upper right one when turned counter-clockwise, from the lower left one when clockwise.
  EXPECT_NEAR(At(new_map, 0, 0).first, 4, 1e-12);
  EXPECT_NEAR(At(new_map, 0, 0).second, 0, 1e-12);
  EXPECT_NEAR(At(old_map, 1, 1).first, 1, 1e-12);
  EXPECT_NEAR(At(old_map, 1, 1).second, 5, 1e-12);
}

TEST(KerasMap, ShiftsRowsWithTheOldAndColumnsWithTheNew) {
  const KerasTransform shift{.tx = 2};
  EXPECT_EQ(At(KerasMap(shift, 7, 5, KerasCompat::kKeras2), 1, 1), (std::pair<double, double>{1, 3}));
  EXPECT_EQ(At(KerasMap(shift, 7, 5, KerasCompat::kKeras3), 1, 1), (std::pair<double, double>{3, 1}));
  EXPECT_EQ(KerasMap({}, 7, 5, KerasCompat::kKeras2), AffineMap());
}

TEST(KerasTransform, ShiftsValuesWithinThoseOfThePicture) {
  std::vector<uint8_t> rgb = {10, 20, 200, 30, 40, 50};
  ShiftChannels(15.6, {.width = 2, .height = 1, .rgb = rgb});
  EXPECT_THAT(rgb, ElementsAre(26, 36, 200, 46, 56, 66));
  ShiftChannels(-300, {.width = 2, .height = 1, .rgb = rgb});
  EXPECT_THAT(rgb, Each(26));
}

TEST(KerasTransform, CutsOffWhatBrightnessLeavesOver) {
  std::vector<uint8_t> rgb = {0, 1, 3, 100, 200, 255};
  ScaleBrightness(1.5, {.width = 2, .height = 1, .rgb = rgb});
  EXPECT_THAT(rgb, ElementsAre(0, 1, 4, 150, 255, 255));
}

TEST(KerasSteps, ChangeNothingUnlessAsked) {
  std::vector<uint8_t> rgb(size_t{3} * 9 * 4);
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<uint8_t>(i * 7);
  for (const char* name : {"keras", "keras_transform"}) EXPECT_EQ(Applied(json{{name, json::object()}}, rgb, 9, 4), rgb) << name;
}

TEST(KerasSteps, DrawAnewForEachImageAndEpochAndTheSameForASeed) {
  std::vector<uint8_t> rgb(size_t{3} * 16 * 16);
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<uint8_t>(i * 7);
  const json chapter = "chapter_keras";
  std::set<std::vector<uint8_t>> results;
  for (const Sample& sample : {Sample{.seed = 1}, Sample{.seed = 2}, Sample{.seed = 1, .epoch = 1}, Sample{.seed = 1, .image = 1}}) {
    results.insert(Applied(chapter, rgb, 16, 16, sample));
    EXPECT_EQ(Applied(chapter, rgb, 16, 16, sample), Applied(chapter, rgb, 16, 16, sample));
  }
  EXPECT_THAT(results, SizeIs(4));
}

TEST(KerasSteps, WriteEverySettingOut) {
  for (const char* step :
       {R"({"keras": {"zoom_range": 0.1, "width_shift_range": [1, 2], "brightness_range": [0.5, 1]}})",
        R"({"keras": {"height_shift_range": {"pixels": 4}}})", R"({"keras_transform": {"brightness": 2}})", R"("chapter_keras")"}) {
    const auto pipeline = Pipeline::ParseRandom(json::array({json::parse(step)}), "augment");
    ASSERT_TRUE(pipeline.ok()) << pipeline.status();
    const auto again = Pipeline::ParseRandom(pipeline->json(), "augment");
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->json(), pipeline->json());
  }
}

TEST(KerasSteps, OnlyTheFixedOneIsPartOfPreprocessing) {
  EXPECT_TRUE(Pipeline::Parse(json::parse(R"([{"keras_transform": {"theta": 5}}])"), "pipeline").ok());
  EXPECT_THAT(Pipeline::Parse(json::parse(R"([{"keras": {"rotation_range": 5}}])"), "pipeline").status().message(),
              HasSubstr("such steps belong into augment"));
}

TEST(KerasSteps, SayWhatIsWrong) {
  EXPECT_THAT(Error({{"zoom_range", {1.2, 0.8}}}),
              HasSubstr("augment[0].keras.zoom_range runs from 1.2 to 0.8; the lower end comes first"));
  EXPECT_THAT(Error({{"zoom_range", 1.5}}), HasSubstr("zoom_range is 1.5; it must lie between 0 and 1, or be [low, high]"));
  EXPECT_THAT(Error({{"width_shift_range", -1}}), HasSubstr("width_shift_range is -1; it must be a part of the size below 1"));
  EXPECT_THAT(Error({{"height_shift_range", json::array()}}), HasSubstr("height_shift_range is []"));
  EXPECT_THAT(Error({{"brightness_range", {0, 101}}}), HasSubstr("brightness_range is [0,101]; it must be [low, high], both between"));
  EXPECT_THAT(Error({{"cval", 256}}), HasSubstr("cval is 256; it must lie between 0 and 255"));
  EXPECT_THAT(Error({{"rotation_rang", 5}}), HasSubstr("did you mean 'rotation_range'?"));
  EXPECT_THAT(Error({{"zx", -1}}, "keras_transform"), HasSubstr("augment[0].keras_transform.zx is -1"));
}

}  // namespace
}  // namespace seedbed::augment
