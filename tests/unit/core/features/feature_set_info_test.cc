#include "core/features/feature_set_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/testing/status_matchers.h"
#include "tests/unit/core/features/features_testing.h"

namespace seedbed::features {
namespace {

using nlohmann::json;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

TEST(FeatureSetInfo, DTypeNamesGoBothWays) {
  for (const char* name : {"float32", "float16", "bfloat16"}) EXPECT_EQ(FeatureDTypeName(*FeatureDTypeFromName(name)), name);
  EXPECT_EQ(FeatureDTypeFromName("float64"), std::nullopt);
}

TEST(FeatureSetInfo, JsonRoundTrip) {
  FeatureSetInfo info = SomeInfo(4);
  info.dtype = nn::DType::kBF16;
  info.pool = Pool::kMax;
  info.split = "default";
  info.subset = "train";
  const json value = FeatureSetInfoToJson(info);
  SB_ASSERT_OK_AND_ASSIGN(const FeatureSetInfo again, FeatureSetInfoFromJson(json::parse(value.dump())));
  EXPECT_EQ(FeatureSetInfoToJson(again), value);
  EXPECT_EQ(again.preprocessing, info.preprocessing);
  EXPECT_EQ(again.paths, info.paths);
  EXPECT_EQ(again.pool, Pool::kMax);
}

TEST(FeatureSetInfo, RefusesJsonThatIsNone) {
  const auto with = [](const std::function<void(json&)>& change) {
    json value = FeatureSetInfoToJson(SomeInfo(4));
    change(value);
    return FeatureSetInfoFromJson(value).status();
  };
  EXPECT_THAT(with([](json& j) { j["format"] = "else"; }), StatusIs(kDataLoss, HasSubstr("no set of features")));
  EXPECT_THAT(with([](json& j) { j["format_version"] = 2; }), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version is 2")));
  EXPECT_THAT(with([](json& j) { j["pool"] = "mean"; }), StatusIs(kDataLoss, HasSubstr("mean")));
  EXPECT_THAT(with([](json& j) { j["dtype"] = "int8"; }), StatusIs(kDataLoss, HasSubstr("int8")));
  EXPECT_THAT(with([](json& j) { j["preprocessing"]["width"] = -3; }), StatusIs(kDataLoss, HasSubstr("width")));
  EXPECT_THAT(with([](json& j) { j["paths"] = 7; }), StatusIs(kDataLoss));
  EXPECT_THAT(with([](json& j) { j.erase("layer"); }), StatusIs(kDataLoss, HasSubstr("layer")));
}

TEST(FeatureSetInfo, FieldsMustNotContradictEachOther) {
  const auto with = [](const std::function<void(FeatureSetInfo&)>& change) {
    FeatureSetInfo info = SomeInfo(4);
    change(info);
    return CheckFeatureSetInfo(info);
  };
  SB_EXPECT_OK(with([](FeatureSetInfo&) {}));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i = SomeInfo(0); }), StatusIs(kInvalid, HasSubstr("no images")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.paths.pop_back(); }), StatusIs(kInvalid, HasSubstr("4 labels, 3 paths and 4 digests")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.sha256[2] = "../x"; }), StatusIs(kInvalid, HasSubstr("../x")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.labels[0] = 3; }), StatusIs(kInvalid, HasSubstr("label 3 is none of 3 classes")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.labels[0] = -1; }), StatusIs(kInvalid, HasSubstr("label -1")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.classes[0] = i.classes[1]; }), StatusIs(kInvalid, HasSubstr("twice")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.classes[0] = "\xff"; }), StatusIs(kInvalid, HasSubstr("UTF-8")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.paths[0] = "\xff"; }), StatusIs(kInvalid, HasSubstr("UTF-8")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.dtype = nn::DType::kI8; }), StatusIs(kInvalid, HasSubstr("I8")));
  for (const graph::Shape& shape : {graph::Shape{}, graph::Shape{0}, graph::Shape{int64_t{1} << 40, int64_t{1} << 40}}) {
    EXPECT_THAT(with([&](FeatureSetInfo& i) { i.shape = shape; }), StatusIs(kInvalid, HasSubstr("shape")));
  }
}

TEST(FeatureSetInfo, OnlyTheSameFeaturesGoTogether) {
  const FeatureSetInfo info = SomeInfo(4);
  FeatureSetInfo other = SomeInfo(9);
  other.dataset = "others:3";
  other.subset = "validation";
  other.dtype = nn::DType::kF16;
  SB_EXPECT_OK(CheckSameFeatures("a", info, "b", other));
  other.preprocessing = *image::PresetNamed("unit");
  EXPECT_THAT(CheckSameFeatures("a", info, "b", other),
              StatusIs(kInvalid, AllOf(HasSubstr("'a' and 'b'"), HasSubstr(image::PreprocessingText(info.preprocessing)),
                                       HasSubstr(image::PreprocessingText(other.preprocessing)))));
  const auto with = [&](const std::function<void(FeatureSetInfo&)>& change) {
    FeatureSetInfo changed = info;
    change(changed);
    return CheckSameFeatures("a", info, "b", changed);
  };
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.layer = "fc1"; }), StatusIs(kInvalid, HasSubstr("layer block5_pool rather than fc1")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.pool = Pool::kAverage; }), StatusIs(kInvalid, HasSubstr("pool none rather than avg")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.weights_sha256 = "0"; }), StatusIs(kInvalid, HasSubstr("weights")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.shape = {24}; }), StatusIs(kInvalid, HasSubstr("2x3x4 rather than 24")));
  EXPECT_THAT(with([](FeatureSetInfo& i) { i.classes.pop_back(); }), StatusIs(kInvalid, HasSubstr("Charlock, Maize")));
}

}  // namespace
}  // namespace seedbed::features
