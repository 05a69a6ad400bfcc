#include "core/augment/mixing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/testing/status_matchers.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string Error(const char* list) { return std::string(ParseAugment(json::parse(list), "augment").status().message()); }

TEST(MixingTest, IsReadOffTheEndOfTheList) {
  const auto both = ParseAugment(json::parse(R"(["invert", {"mixup": 0.2}, {"cutmix": {"alpha": 3}}])"), "augment");
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->steps.size(), 1u);
  EXPECT_EQ(both->mixing.mixup_alpha, 0.2);
  EXPECT_EQ(both->mixing.cutmix_alpha, 3);
  EXPECT_EQ(both->ToJson(), json::parse(R"([{"invert": {"p": 1.0}}, {"mixup": {"alpha": 0.2}}, {"cutmix": {"alpha": 3.0}}])"));
  EXPECT_EQ(ParseAugment(both->ToJson(), "augment")->ToJson(), both->ToJson());

  const auto defaults = ParseAugment(json::parse(R"(["mixup"])"), "augment");
  ASSERT_TRUE(defaults.ok()) << defaults.status();
  EXPECT_TRUE(defaults->steps.empty());
  EXPECT_EQ(defaults->mixing.mixup_alpha, 1);
  EXPECT_TRUE(ParseAugment(json::parse(R"(["invert"])"), "augment")->mixing.empty());
}

TEST(MixingTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(Error(R"([{"mixup": 0.2}, "invert"])"), HasSubstr("augment[1] comes after a mix"));
  EXPECT_THAT(Error(R"(["mixup", "mixup"])"), HasSubstr("augment[1]: there is a 'mixup' already"));
  EXPECT_THAT(Error(R"([{"cutmix": {"alpha": 0}}])"), HasSubstr("augment[0].cutmix.alpha is 0; it must lie between 0.001 and 1000"));
  EXPECT_THAT(Error(R"([{"cutmix": {"alfa": 1}}])"), HasSubstr("augment[0].cutmix.alfa is not known; did you mean 'alpha'?"));
  EXPECT_THAT(Error(R"({"mixup": 1})"), HasSubstr("must be a list of steps"));
  EXPECT_THAT(Error(R"([{"sometimes": {"then": ["mixup"]}}])"), HasSubstr("there is no step 'mixup'"));
}

TEST(MixingTest, BetaHasItsMoments) {
  for (const double alpha : {0.05, 0.2, 1.0, 4.0}) {
    RandomStream random(5, RandomPurpose::kAugment);
    constexpr int kDraws = 20'000;
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double drawn = DrawBeta(alpha, &random);
      ASSERT_GE(drawn, 0);
      ASSERT_LE(drawn, 1);
      sum += drawn;
      squares += (drawn - 0.5) * (drawn - 0.5);
    }
    const double variance = 1 / (4 * (2 * alpha + 1));
    EXPECT_NEAR(sum / kDraws, 0.5, 4 * std::sqrt(variance / kDraws)) << alpha;
    EXPECT_NEAR(squares / kDraws, variance, 0.03 * variance) << alpha;
  }
}

TEST(MixingTest, BoxesAreThoseOfTorchvision) {
  // 0.5 sqrt(1 - 0.36) = 0.4 of each side, its fraction dropped, to both sides of the middle.
  const Box inside = CutMixBox(0.36, 10, 8, 20, 17);
  EXPECT_EQ((std::vector{inside.x, inside.y, inside.width, inside.height}), (std::vector{2, 2, 16, 12}));
  const Box cut_off = CutMixBox(0.36, 1, 16, 20, 17);
  EXPECT_EQ((std::vector{cut_off.x, cut_off.y, cut_off.width, cut_off.height}), (std::vector{0, 10, 9, 7}));
  EXPECT_EQ(CutMixBox(1, 3, 3, 20, 17).width, 0);
}

constexpr RowShape kShape{.height = 4, .width = 6, .channels = 3};
constexpr size_t kExamples = 9;

// Every value of example i is i, and so is its label.
struct Rows {
  std::vector<float> values;
  std::vector<int32_t> labels;
};
Rows MakeRows() {
  Rows rows;
  for (size_t i = 0; i < kExamples; ++i) {
    rows.values.insert(rows.values.end(), kShape.values(), static_cast<float>(i));
    rows.labels.push_back(static_cast<int32_t>(i));
  }
  return rows;
}

BatchMixer MakeMixer(const Mixing& mixing) { return {mixing, 11, kShape}; }

TEST(MixingTest, NoMixLeavesTheBatchAsItIs) {
  Rows rows = MakeRows();
  const MixedLabels mixed = MakeMixer({}).Mix(0, 0, rows.labels, rows.values);
  EXPECT_TRUE(mixed.others.empty());
  EXPECT_EQ(mixed.weight, 1);
  EXPECT_EQ(rows.values, MakeRows().values);
}

TEST(MixingTest, MixUpAddsThePartner) {
  BatchMixer mixer = MakeMixer({.mixup_alpha = 1, .cutmix_alpha = std::nullopt});
  for (uint32_t batch = 0; batch < 50; ++batch) {
    Rows rows = MakeRows();
    const MixedLabels mixed = mixer.Mix(3, batch, rows.labels, rows.values);
    ASSERT_EQ(mixed.others.size(), kExamples);
    EXPECT_TRUE(std::is_permutation(mixed.others.begin(), mixed.others.end(), rows.labels.begin()));
    for (size_t i = 0; i < kExamples; ++i) {
      const double expected = mixed.weight * static_cast<double>(i) + (1 - mixed.weight) * mixed.others[i];
      for (size_t k = 0; k < kShape.values(); ++k) ASSERT_NEAR(rows.values[i * kShape.values() + k], expected, 1e-5);
    }
  }
}

TEST(MixingTest, CutMixTakesABoxFromThePartner) {
  BatchMixer mixer = MakeMixer({.mixup_alpha = std::nullopt, .cutmix_alpha = 1});
  for (uint32_t batch = 0; batch < 50; ++batch) {
    Rows rows = MakeRows();
    const MixedLabels mixed = mixer.Mix(3, batch, rows.labels, rows.values);
    for (size_t i = 0; i < kExamples; ++i) {
      const std::span<const float> row(&rows.values[i * kShape.values()], kShape.values());
      const auto own = std::count(row.begin(), row.end(), static_cast<float>(i));
      const auto others = std::count(row.begin(), row.end(), static_cast<float>(mixed.others[i]));
      if (mixed.others[i] == static_cast<int32_t>(i)) {
        EXPECT_EQ(static_cast<size_t>(own), row.size());
      } else {
        EXPECT_EQ(static_cast<size_t>(own + others), row.size());
        EXPECT_NEAR(mixed.weight, static_cast<double>(own) / static_cast<double>(row.size()), 1e-12);
      }
    }
  }
}

TEST(MixingTest, OneOfBothInEachBatch) {
  BatchMixer mixer = MakeMixer({.mixup_alpha = 1, .cutmix_alpha = 1});
  int cut = 0;
  for (uint32_t batch = 0; batch < 400; ++batch) {
    Rows rows = MakeRows();
    mixer.Mix(0, batch, rows.labels, rows.values);
    cut += std::all_of(rows.values.begin(), rows.values.end(), [](float value) { return value == std::floor(value); });
  }
  EXPECT_NEAR(cut, 200, 40);
}

TEST(MixingTest, WhatIsDrawnFollowsFromEpochAndBatchAlone) {
  const auto mixed = [](BatchMixer* mixer, uint32_t epoch, uint32_t batch) {
    Rows rows = MakeRows();
    mixer->Mix(epoch, batch, rows.labels, rows.values);
    return rows.values;
  };
  BatchMixer used = MakeMixer({.mixup_alpha = 1, .cutmix_alpha = 1}), fresh = MakeMixer({.mixup_alpha = 1, .cutmix_alpha = 1});
  for (uint32_t batch = 0; batch < 5; ++batch) mixed(&used, 0, batch);
  EXPECT_EQ(mixed(&used, 2, 7), mixed(&fresh, 2, 7));
  EXPECT_NE(mixed(&used, 2, 7), mixed(&used, 2, 8));
  EXPECT_NE(mixed(&used, 2, 7), mixed(&used, 3, 7));
}

TEST(MixingTest, BoxesNeedPictures) {
  const RowShape vector{.height = 1, .width = 1, .channels = 64};
  SB_EXPECT_OK(CheckMixing({.mixup_alpha = 1, .cutmix_alpha = std::nullopt}, vector));
  EXPECT_THAT(CheckMixing({.mixup_alpha = std::nullopt, .cutmix_alpha = 1}, vector).message(), HasSubstr("cutmix needs pictures"));
}

}  // namespace
}  // namespace seedbed::augment
