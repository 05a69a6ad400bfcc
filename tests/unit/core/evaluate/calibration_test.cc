#include <cmath>
#include <vector>

#include "core/evaluate/evaluation.h"
#include "gmock/gmock.h"

namespace seedbed::evaluate {
namespace {

// Logits of two classes with this probability of the first.
std::vector<float> WithProbability(double probability) { return {static_cast<float>(std::log(probability / (1 - probability))), 0}; }

TEST(CalibrationError, IsTheMeanGapBetweenProbabilityAndAccuracy) {
  Evaluation evaluation(2);
  // Ten of 90 %, of which seven are right; ten of 60 %, of which six are.
  for (int i = 0; i < 10; ++i) evaluation.Add(WithProbability(0.9), i < 7 ? 0 : 1);
  for (int i = 0; i < 10; ++i) evaluation.Add(WithProbability(0.61), i < 6 ? 0 : 1);
  const Scores scores = evaluation.Summarize();
  EXPECT_NEAR(scores.calibration_error, 0.5 * 0.2 + 0.5 * 0.01, 1e-6);
  int64_t examples = 0;
  for (const CalibrationBin& bin : evaluation.calibration()) examples += bin.examples;
  EXPECT_EQ(examples, 20);
}

TEST(CalibrationError, BinsAreOpenBelowAndClosedAbove) {
  Evaluation evaluation(2);
  evaluation.Add(std::vector<float>{100, 0}, 0);  // probability 1
  EXPECT_EQ(evaluation.calibration().back().examples, 1);
  EXPECT_EQ(evaluation.Summarize().calibration_error, 0);
}

TEST(CalibrationError, IsZeroWithoutExamples) {
  EXPECT_EQ(ExpectedCalibrationError({}), 0);
  EXPECT_EQ(Evaluation(3).Summarize().calibration_error, 0);
}

TEST(Judgement, KnowsTheRunnerUpAndTheMargin) {
  Evaluation evaluation(3);
  const Judgement judgement = evaluation.Add(std::vector<float>{std::log(0.2f), std::log(0.5f), std::log(0.3f)}, 2);
  EXPECT_EQ(judgement.predicted, 1);
  EXPECT_EQ(judgement.runner_up, 2);
  EXPECT_NEAR(judgement.margin, 0.2, 1e-6);
  EXPECT_EQ(evaluation.Add(std::vector<float>{1, 1, 1}, 0).runner_up, 1);
  EXPECT_EQ(Evaluation(1).Add(std::vector<float>{3}, 0).margin, 1);
}

}  // namespace
}  // namespace seedbed::evaluate
