#include "client/cli/train_settings.h"

#include <set>

#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::cli {
namespace {

// A value that the setting takes.
std::string ExampleOf(const TrainSetting& setting) {
  switch (setting.type) {
    case SettingType::kChoice:
      return setting.choices.back();
    case SettingType::kSwitch:
      return "true";
    case SettingType::kDuration:
      return "42s";
    case SettingType::kSize:
      return "20x10";
    case SettingType::kLabels:
      return "a=b";
    case SettingType::kWords:
      return "head,block5_*";
    case SettingType::kNumbers:
      return "1,2.5,3";
    case SettingType::kList:
      return "[flatten, dense: 256, dropout: 0.5, conv2d: {filters: 8, kernel: 3}, dense: classes]";
    case SettingType::kSteps:
      return "[light, fliplr: 0.5, multiply: [0.8, 1.2]]";
    default:
      return "7";
  }
}

// Catches a path that leads to no field of the specification.
TEST(TrainSettings, EachReachesItsField) {
  for (const TrainSetting& setting : TrainSettings()) {
    SB_ASSERT_OK_AND_ASSIGN(Json value, ParseSettingValue(setting, ExampleOf(setting)));
    SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec spec, BuildTrainJob({{setting.key, {value, "flag"}}}));
    const std::string text = EffectiveText(setting, spec);
    EXPECT_EQ(text, setting.type == SettingType::kDuration ? "42 s" : ExampleOf(setting)) << setting.key;
  }
}

TEST(TrainSettings, DefaultsAreOfTheirType) {
  for (const TrainSetting& setting : TrainSettings()) {
    if (setting.default_text.empty()) continue;
    SB_EXPECT_OK(ParseSettingValue(setting, setting.default_text)) << setting.key;
  }
}

TEST(TrainSettings, FlagsAreUnique) {
  std::set<std::string> flags;
  for (const TrainSetting& setting : TrainSettings()) EXPECT_TRUE(flags.insert(FlagOf(setting)).second) << setting.key;
}

TEST(TrainSettings, SwitchesThatAreOnHaveAFlagThatTurnsThemOff) {
  EXPECT_EQ(FlagOf(*FindTrainSetting("shuffle")), "--no-shuffle");
  EXPECT_EQ(FlagOf(*FindTrainSetting("feature_cache")), "--no-feature-cache");
  EXPECT_EQ(FlagOf(*FindTrainSetting("nesterov")), "--nesterov");
}

TEST(TrainSettings, ListsSayWhatTheyExpect) {
  const auto error = [](const char* key, const char* text) {
    return std::string(ParseSettingValue(*FindTrainSetting(key), text).status().message());
  };
  EXPECT_EQ(error("trainable", "head,,x"), "expected words with commas between them, got 'head,,x'");
  EXPECT_EQ(error("mean", "1,two"), "expected numbers with commas between them, got '1,two'");
  EXPECT_EQ(error("head", "flatten"), "expected a list such as [flatten, dense: classes], got 'flatten'");
  EXPECT_NE(error("head", "[flatten"), "");
  EXPECT_EQ(error("augment", "0.5"), "expected a step or a list of steps such as [fliplr: 0.5, multiply: [0.8, 1.2]], got '0.5'");
}

TEST(ParseSettingValue, ASingleStepNeedsNoBrackets) {
  const auto parsed = [](const char* text) { return ParseSettingValue(*FindTrainSetting("pipeline"), text).value().dump(); };
  EXPECT_EQ(parsed("light"), R"(["light"])");
  EXPECT_EQ(parsed("remove_background: seedlings"), R"([{"remove_background":"seedlings"}])");
  EXPECT_EQ(parsed("[]"), "[]");
}

TEST(BuildTrainJob, CombinesSettingsOfOneMessage) {
  const auto value = [](const char* key, const char* text) {
    return GivenSetting{ParseSettingValue(*FindTrainSetting(key), text).value(), "flag"};
  };
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec spec, BuildTrainJob({{"dataset", value("dataset", "a:2")},
                                                                 {"epochs", value("epochs", "3")},
                                                                 {"size", value("size", "30")},
                                                                 {"center", value("center", "none")},
                                                                 {"priority", value("priority", "-7")}}));
  EXPECT_EQ(spec.train().dataset(), "a");
  EXPECT_EQ(spec.train().dataset_version(), 2);
  EXPECT_EQ(spec.train().epochs(), 3);
  EXPECT_EQ(spec.train().preprocessing().width(), 30);
  EXPECT_EQ(spec.train().preprocessing().center(), v1::CENTER_NONE);
  EXPECT_EQ(spec.priority(), -7);
}

}  // namespace
}  // namespace seedbed::cli
