#include "core/report/training_charts.h"

#include "gmock/gmock.h"

namespace seedbed::report {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TrainingCurves Curves(std::string name, size_t epochs, bool validated) {
  TrainingCurves curves{.name = std::move(name), .epochs = {}};
  for (size_t i = 0; i < epochs; ++i) {
    const double loss = 1.0 / static_cast<double>(i + 1);
    EpochPoint epoch{.loss = loss, .accuracy = 1 - loss, .val_loss = {}, .val_accuracy = {}, .lr = 0.01};
    if (validated) epoch.val_loss = 2 * loss;
    if (validated) epoch.val_accuracy = 0.5;
    curves.epochs.push_back(epoch);
  }
  return curves;
}

TEST(LossAndAccuracy, TrainingAndValidationOfOne) {
  const std::vector<TrainingCurves> one{Curves("", 3, true)};
  const std::vector<Section> sections = LossAndAccuracy(one);
  ASSERT_THAT(sections, SizeIs(2));
  const Chart& loss = std::get<Chart>(sections[0].content);
  EXPECT_THAT(loss.labels, ElementsAre("1", "2", "3"));
  ASSERT_THAT(loss.series, SizeIs(2));
  EXPECT_EQ(loss.series[0].name, "training");
  EXPECT_EQ(loss.series[1].name, "validation");
  EXPECT_EQ(loss.series[1].values[0], 2.0);
  EXPECT_NE(loss.series[0].colour, loss.series[1].colour);
}

TEST(LossAndAccuracy, WithoutValidationNoCurveOfIt) {
  const std::vector<TrainingCurves> one{Curves("", 3, false)};
  EXPECT_THAT(std::get<Chart>(LossAndAccuracy(one)[1].content).series, SizeIs(1));
}

TEST(LossAndAccuracy, SeveralOfDifferentLengths) {
  const std::vector<TrainingCurves> two{Curves("a:1", 2, true), Curves("b:1", 4, true)};
  const Chart chart = std::get<Chart>(LossAndAccuracy(two)[0].content);
  ASSERT_THAT(chart.series, SizeIs(4));
  EXPECT_EQ(chart.series[0].name, "a:1 training");
  EXPECT_TRUE(chart.series[0].dashed);
  EXPECT_EQ(chart.series[0].colour, chart.series[1].colour);
  EXPECT_EQ(chart.series[0].values[2], std::nullopt);
  EXPECT_NE(chart.series[2].values[3], std::nullopt);
}

TEST(LossAndAccuracy, ManyEpochsAreThinnedToTheLast) {
  const std::vector<TrainingCurves> one{Curves("", 100'000, true)};
  const Chart chart = std::get<Chart>(LossAndAccuracy(one)[0].content);
  EXPECT_LE(chart.labels.size(), 1001);
  EXPECT_EQ(chart.labels.front(), "1");
  EXPECT_EQ(chart.labels.back(), "100000");
  EXPECT_EQ(chart.series[0].values.size(), chart.labels.size());
}

TEST(LearningRate, OneCurveForEachTraining) {
  const std::vector<TrainingCurves> two{Curves("a:1", 2, true), Curves("b:1", 1, false)};
  const Section section = LearningRate(two);
  EXPECT_THAT(std::get<Chart>(section.content).series, SizeIs(2));
}

}  // namespace
}  // namespace seedbed::report
