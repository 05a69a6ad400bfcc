#include "core/image/preprocessing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nlohmann/json.hpp"
#include "tests/testing/status_matchers.h"

namespace seedbed::image {
namespace {

using nlohmann::json;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

Preprocessing Preset(std::string_view name) { return *PresetNamed(name); }

TEST(Preprocessing, PresetsAreTheWellKnownOnes) {
  EXPECT_THAT(PresetNames(), ::testing::ElementsAre("unit", "keras_caffe", "imagenet", "minus_one_one", "efficientnet_lite"));
  for (const std::string& name : PresetNames()) {
    EXPECT_THAT(CheckPreprocessing(Preset(name)), testing::IsOk()) << name;
    EXPECT_EQ(Preset(name).center, Center::kNone) << name;
    EXPECT_EQ(Preset(name).channels, name == "keras_caffe" ? ChannelOrder::kBgr : ChannelOrder::kRgb) << name;
  }
  EXPECT_EQ(Preset("keras_caffe").mean[2], 123.68);  // red
  EXPECT_EQ(Preset("imagenet").std[0], 0.229);
  EXPECT_EQ(Preset("efficientnet_lite").mean[0], 127.0 / 128);
  EXPECT_THAT(PresetNamed("imagnet"), StatusIs(kInvalid, AllOf(HasSubstr("mean 'imagenet'"), HasSubstr("minus_one_one"))));
}

TEST(Preprocessing, JsonRoundTrip) {
  Preprocessing all = Preset("keras_caffe");
  all.std = {0.25, 3, 1e-3};
  all.width = 7;
  all.height = 4'096;
  all.interpolation = Filter::kHamming;
  all.center = Center::kMeanImage;
  all.steps = R"([{"a":{"x":0.5}},{"b":{}}])";
  for (const Preprocessing& preprocessing : {Preprocessing(), Preset("imagenet"), all}) {
    const std::string text = PreprocessingToJson(preprocessing).dump();
    SB_ASSERT_OK_AND_ASSIGN(const Preprocessing again, PreprocessingFromJson(json::parse(text)));
    EXPECT_EQ(again, preprocessing) << text;
  }
}

TEST(Preprocessing, ReadsModelsWithoutChannels) {
  const json old = {{"width", 150}, {"height", 150}, {"interpolation", "bilinear"}, {"rescale", 1.0 / 255}, {"center", "mean_image"}};
  SB_ASSERT_OK_AND_ASSIGN(const Preprocessing preprocessing, PreprocessingFromJson(old));
  EXPECT_EQ(preprocessing, Preprocessing());
  EXPECT_FALSE(PreprocessingToJson(preprocessing).contains("pipeline"));
}

TEST(Preprocessing, RefusesJsonThatIsNone) {
  const json good = PreprocessingToJson(Preset("imagenet"));
  const auto with = [&](const char* key, const json& value) {
    json changed = good;
    changed[key] = value;
    return PreprocessingFromJson(changed).status();
  };
  EXPECT_THAT(with("width", 0), StatusIs(kDataLoss, HasSubstr("width is 0")));
  EXPECT_THAT(with("height", "x"), StatusIs(kDataLoss, HasSubstr("string")));
  EXPECT_THAT(with("interpolation", "cubist"), StatusIs(kDataLoss, HasSubstr("cubist")));
  EXPECT_THAT(with("rescale", -1), StatusIs(kDataLoss, HasSubstr("rescale is -1")));
  EXPECT_THAT(with("mean", json::array({1, 2})), StatusIs(kDataLoss, HasSubstr("range")));
  EXPECT_THAT(with("mean", json::array({1, 2, nullptr})), StatusIs(kDataLoss, HasSubstr("null")));
  EXPECT_THAT(with("std", json::array({1, 0, 1})), StatusIs(kDataLoss, HasSubstr("std is 0")));
  EXPECT_THAT(with("channels", "grey"), StatusIs(kDataLoss, HasSubstr("grey")));
  EXPECT_THAT(with("center", "left"), StatusIs(kDataLoss, HasSubstr("left")));
  for (const json& none : {json("a"), json::array(), json::array({"a"}), json::array({json{{"a", 1}, {"b", 2}}})}) {
    EXPECT_THAT(with("pipeline", none), StatusIs(kDataLoss, HasSubstr(none.dump() + "; it must be a list of steps"))) << none;
  }
  EXPECT_THAT(PreprocessingFromJson(json::array()), StatusIs(kDataLoss));
  json lacking = good;
  lacking.erase("rescale");
  EXPECT_THAT(PreprocessingFromJson(lacking), StatusIs(kDataLoss, HasSubstr("rescale")));
}

TEST(Preprocessing, CheckNamesTheSetting) {
  const auto with = [](auto change) {
    Preprocessing preprocessing;
    change(preprocessing);
    return CheckPreprocessing(preprocessing);
  };
  EXPECT_THAT(with([](Preprocessing& p) { p.width = 4'097; }), StatusIs(kInvalid, HasSubstr("width is 4097; it must be from 1 to 4,096")));
  EXPECT_THAT(with([](Preprocessing& p) { p.height = -1; }), StatusIs(kInvalid, HasSubstr("height is -1")));
  EXPECT_THAT(with([](Preprocessing& p) { p.rescale = NAN; }), StatusIs(kInvalid, HasSubstr("rescale is nan")));
  EXPECT_THAT(with([](Preprocessing& p) { p.mean[1] = std::numeric_limits<double>::infinity(); }), StatusIs(kInvalid, HasSubstr("mean")));
  EXPECT_THAT(with([](Preprocessing& p) { p.std[2] = 0; }), StatusIs(kInvalid, HasSubstr("std is 0")));
}

TEST(Preprocessing, Text) {
  EXPECT_EQ(PreprocessingText(Preprocessing()), "150x150 bilinear, RGB, value * 0.00392157, minus the mean image");
  EXPECT_EQ(PreprocessingText(Preset("keras_caffe")), "150x150 bilinear, BGR, value * 1 - (103.939, 116.779, 123.68)");
  EXPECT_EQ(PreprocessingText(Preset("imagenet")),
            "150x150 bilinear, RGB, (value * 0.00392157 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)");
  EXPECT_EQ(PreprocessingText(Preset("minus_one_one")), "150x150 bilinear, RGB, value * 0.00784314 - 1");
  Preprocessing steps = Preset("minus_one_one");
  steps.steps = R"([{"a":{"x":0.5}},{"b":{}}])";
  EXPECT_EQ(PreprocessingText(steps), "150x150 bilinear, a, b, RGB, value * 0.00784314 - 1");
}

TEST(Preprocessing, Difference) {
  EXPECT_EQ(PreprocessingDifference(Preprocessing(), Preprocessing()), "");
  Preprocessing other = Preset("keras_caffe");
  other.width = 224;
  other.interpolation = Filter::kBox;
  other.std = {2, 2, 2};
  EXPECT_EQ(PreprocessingDifference(Preprocessing(), other),
            "150x150 rather than 224x150, bilinear rather than box, RGB rather than BGR, rescale 0.00392157 rather than 1, "
            "mean 0 rather than (103.939, 116.779, 123.68), std 1 rather than 2, minus the mean image rather than without a mean image");
  Preprocessing stronger = other;
  stronger.steps = R"([{"a":{"x":2}}])";
  EXPECT_EQ(PreprocessingDifference(other, stronger), R"(pipeline none rather than [{"a":{"x":2}}])");
  other.steps = R"([{"a":{"x":1}}])";
  EXPECT_EQ(PreprocessingDifference(stronger, other), R"(pipeline [{"a":{"x":2}}] rather than [{"a":{"x":1}}])");
}

TEST(Preprocessing, TellsStandardisation) {
  Preprocessing preprocessing = Preset("unit");
  preprocessing.samplewise = Standardize::kCenterAndScale;
  preprocessing.featurewise = Standardize::kCenter;
  preprocessing.mean = {0.1, 0.2, 0.3};
  const json value = PreprocessingToJson(preprocessing);
  EXPECT_EQ(value["samplewise"], "center_and_scale");
  EXPECT_EQ(value["featurewise"], "center");
  EXPECT_EQ(*PreprocessingFromJson(value), preprocessing);
  EXPECT_EQ(PreprocessingText(preprocessing),
            "150x150 bilinear, RGB, (value * 0.00392157 - the picture's mean) / its standard deviation"
            " - (0.1, 0.2, 0.3)");
  EXPECT_EQ(PreprocessingDifference(Preset("unit"), preprocessing),
            "samplewise none rather than center_and_scale, featurewise none rather than center, mean 0 rather than (0.1, 0.2, 0.3)");
  json unknown = value;
  unknown["samplewise"] = "median";
  EXPECT_THAT(PreprocessingFromJson(unknown), StatusIs(kDataLoss, HasSubstr("unknown samplewise 'median'")));
  preprocessing.center = Center::kMeanImage;
  EXPECT_THAT(CheckPreprocessing(preprocessing), StatusIs(kInvalid, HasSubstr("center is mean_image; it must be none where pictures are")));
}

}  // namespace
}  // namespace seedbed::image
