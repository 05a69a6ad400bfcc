// The steps that are called as in imgaug: what they refuse, what they write out, and what the parity tests cannot see.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "core/augment/pipeline.h"
#include "core/augment/step_type.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string Error(const char* list) { return std::string(Pipeline::ParseRandom(json::parse(list), "augment").status().message()); }

std::vector<uint8_t> Ramp(int width, int height) {
  std::vector<uint8_t> pixels(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37 % 251);
  return pixels;
}

std::vector<uint8_t> Changed(const json& steps, std::vector<uint8_t> pixels, int width, int height, const Sample& sample = {}) {
  const auto pipeline = Pipeline::ParseRandom(steps, "augment");
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  Scratch scratch;
  pipeline->Apply(sample, {.width = width, .height = height, .rgb = pixels}, &scratch);
  return pixels;
}

TEST(ImgaugStepsTest, SayWhatIsWrongAndWhere) {
  EXPECT_THAT(Error(R"([{"crop": {"percent": 0.1, "px": 3}}])"), HasSubstr("augment[0].crop.px stands beside percent"));
  EXPECT_THAT(Error(R"([{"crop": {"percent": -0.1}}])"), HasSubstr("augment[0].crop.percent is -0.1; it must lie between 0 and 1"));
  EXPECT_THAT(Error(R"([{"crop": {"keep_size": false}}])"), HasSubstr("augment[0].crop.keep_size is false; steps keep a picture's size"));
  EXPECT_THAT(Error(R"([{"crop": {"px": [1, 2, 3, "much"]}}])"), HasSubstr("augment[0].crop.px[3] is \"much\""));
  EXPECT_THAT(Error(R"([{"crop_and_pad": {"pad_mode": "edges"}}])"),
              HasSubstr("augment[0].crop_and_pad.pad_mode is 'edges'; did you mean 'edge'?"));
  EXPECT_THAT(Error(R"([{"affine": {"scale": {"x": 0}}}])"), HasSubstr("augment[0].affine.scale.x is 0; it must lie between"));
  EXPECT_THAT(Error(R"([{"affine": {"translate_px": 3, "translate_percent": 0.1}}])"),
              HasSubstr("translate_px stands beside translate_percent"));
  EXPECT_THAT(Error(R"([{"affine": {"order": 3}}])"), HasSubstr("augment[0].affine.order is 3; it must lie between 0 and 1"));
  EXPECT_THAT(Error(R"([{"multiply": {"mul": [1.2, 0.8]}}])"), HasSubstr("augment[0].multiply.mul runs from 1.2 to 0.8"));
  EXPECT_THAT(Error(R"([{"multiply": {"per_chanel": true}}])"),
              HasSubstr("augment[0].multiply.per_chanel is not known; did you mean 'per_channel'?"));
  EXPECT_THAT(Error(R"([{"coarse_dropout": {"size_px": 3, "size_percent": 0.1}}])"), HasSubstr("size_px stands beside size_percent"));
  EXPECT_THAT(Error(R"([{"add_to_hue_and_saturation": {"value": 3, "value_hue": 1}}])"), HasSubstr("value stands beside settings"));
  EXPECT_THAT(Error(R"([{"some_of": {"n": -1, "steps": ["fliplr"]}}])"), HasSubstr("augment[0].some_of.n is -1"));
  EXPECT_THAT(Error(R"([{"some_of": {"steps": [{"fliplr": 2}]}}])"), HasSubstr("augment[0].some_of.steps[0].fliplr.p is 2"));
}

TEST(ImgaugStepsTest, RefuseAsManyStepsAsNoOrderHolds) {
  const json many = json::array({{{"sequential", json(std::vector<std::string>(65, "fliplr"))}}});
  EXPECT_THAT(std::string(Pipeline::ParseRandom(many, "augment").status().message()), HasSubstr("has 65 steps; at most 64"));
}

TEST(ImgaugStepsTest, RefusePicturesThatAreSmallerThanTheCrop) {
  const auto pipeline = Pipeline::ParseRandom(json::parse(R"([{"sequential": [{"crop": {"px": [0, 6, 0, 4]}}]}])"), "augment");
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  EXPECT_TRUE(pipeline->CheckSize(11, 1).ok());
  EXPECT_THAT(std::string(pipeline->CheckSize(10, 10).message()), HasSubstr("cuts off 10 pixels of pictures that are 10 pixels wide"));
}

// What is written out means the same, and is what training stores.
TEST(ImgaugStepsTest, WriteEverySettingOut) {
  for (const StepType* type : StepTypes()) {
    if (type->name == "remove_background") continue;
    const auto pipeline = Pipeline::ParseRandom(json::array({std::string(type->name)}), "augment");
    if (!pipeline.ok()) continue;  // steps with settings that must be given
    const auto again = Pipeline::ParseRandom(pipeline->json(), "augment");
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->json(), pipeline->json());
    EXPECT_EQ(Changed(pipeline->json(), Ramp(20, 15), 20, 15, {.image = 5}),
              Changed(json::array({std::string(type->name)}), Ramp(20, 15), 20, 15, {.image = 5}))
        << type->name;
  }
}

TEST(ImgaugStepsTest, PresetIsTheBooks) {
  const auto pipeline = Pipeline::ParseRandom(json::parse(R"(["chapter_imgaug"])"), "augment");
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  EXPECT_EQ(pipeline->json()[0]["sequential"]["random_order"], true);
  EXPECT_EQ(pipeline->json()[0]["sequential"]["steps"].size(), 6);
}

TEST(ImgaugStepsTest, EveryImageHasAnOrderOfItsOwn) {
  const json steps =
      json::parse(R"([{"sequential": {"steps": [{"add": 100}, {"multiply": 0.5}, {"linear_contrast": 2}], "random_order": true}}])");
  std::set<uint8_t> results;
  for (uint64_t image = 0; image < 100; ++image) results.insert(Changed(steps, {100, 100, 100}, 1, 1, {.image = image})[0]);
  EXPECT_EQ(results, (std::set<uint8_t>{73, 86, 100, 127, 136, 173}));
}

TEST(ImgaugStepsTest, SomeOfKeepsTheListedOrder) {
  const json steps = json::parse(R"([{"some_of": {"n": 2, "steps": [{"add": 100}, {"multiply": 0.5}, {"linear_contrast": 2}]}}])");
  std::set<uint8_t> results;
  for (uint64_t image = 0; image < 100; ++image) results.insert(Changed(steps, {100, 100, 100}, 1, 1, {.image = image})[0]);
  // Two of three, the first one listed first.
  EXPECT_EQ(results, (std::set<uint8_t>{100, 255, 0}));
}

TEST(ImgaugStepsTest, WithoutStrengthNothingChanges) {
  const std::vector<uint8_t> ramp = Ramp(31, 17);
  for (const char* step : {R"({"fliplr": 0})", R"({"crop": 0})", R"({"crop_and_pad": {"px": 0}})", R"({"gaussian_blur": 0})",
                           R"({"average_blur": 1})", R"({"median_blur": 1})", R"({"multiply": 1})", R"({"add": 0})",
                           R"({"linear_contrast": 1})", R"({"dropout": 0})", R"({"additive_gaussian_noise": 0})",
                           R"({"coarse_dropout": 0})", R"({"affine": {"rotate": 0}})", R"({"some_of": {"n": 0, "steps": [{"add": 9}]}})"}) {
    EXPECT_EQ(Changed(json::array({json::parse(step)}), ramp, 31, 17), ramp) << step;
  }
}

// What is cut off must not come back as border.
TEST(ImgaugStepsTest, PaddingRepeatsWhatTheCropLeft) {
  std::vector<uint8_t> row(30, 50);
  std::fill_n(row.begin(), 3, uint8_t{200});
  const std::vector<uint8_t> changed = Changed(json::parse(R"([{"crop_and_pad": {"px": [1, 0, 0, -1], "pad_mode": "edge"}}])"), row, 10, 1);
  EXPECT_EQ(std::count(changed.begin(), changed.end(), 50), 30);
}

TEST(ImgaugStepsTest, TheSmallestPicturesAreTaken) {
  for (const StepType* type : StepTypes()) {
    const auto pipeline = Pipeline::ParseRandom(json::array({std::string(type->name)}), "augment");
    if (!pipeline.ok() || !pipeline->CheckSize(1, 1).ok()) continue;
    for (uint64_t image = 0; image < 20; ++image) {
      EXPECT_EQ(Changed(pipeline->json(), {1, 2, 3}, 1, 1, {.image = image}).size(), 3) << type->name;
    }
  }
}

}  // namespace
}  // namespace seedbed::augment
