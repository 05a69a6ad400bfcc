#include "core/evaluate/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/evaluate/report.h"
#include "nlohmann/json.hpp"

namespace seedbed::evaluate {
namespace {

using ::testing::ElementsAre;

// Adds `count` examples of `label` that are taken for `predicted`.
void AddMany(Evaluation* evaluation, size_t label, size_t predicted, int count) {
  std::vector<float> logits(3);
  logits[predicted] = 1;
  for (int i = 0; i < count; ++i) evaluation->Add(logits, label);
}

// By hand: class 0 has 5 examples, 4 found, 1 taken for 1; class 1 has 3, 2 found, 1 taken for 0; class 2 has none, nothing is taken for
// it.
Evaluation Sample() {
  Evaluation evaluation(3);
  AddMany(&evaluation, 0, 0, 4);
  AddMany(&evaluation, 0, 1, 1);
  AddMany(&evaluation, 1, 1, 2);
  AddMany(&evaluation, 1, 0, 1);
  return evaluation;
}

TEST(Evaluation, ScoresAreThoseByHand) {
  const Scores scores = Sample().Summarize();
  EXPECT_EQ(scores.examples, 8);
  EXPECT_DOUBLE_EQ(scores.accuracy, 6.0 / 8);
  EXPECT_DOUBLE_EQ(scores.top5, 1);
  EXPECT_DOUBLE_EQ(scores.per_class[0].precision, 4.0 / 5);
  EXPECT_DOUBLE_EQ(scores.per_class[0].recall, 4.0 / 5);
  EXPECT_DOUBLE_EQ(scores.per_class[0].f1, 0.8);
  EXPECT_DOUBLE_EQ(scores.per_class[1].precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.per_class[1].recall, 2.0 / 3);
  EXPECT_EQ(scores.per_class[2].precision, 0);
  EXPECT_EQ(scores.per_class[2].recall, 0);
  EXPECT_EQ(scores.per_class[2].f1, 0);
  EXPECT_EQ(scores.per_class[1].examples, 3);
  // 6 right ones with log(e + 2) - 1, 2 wrong ones with log(e + 2).
  EXPECT_NEAR(scores.loss, std::log(std::exp(1) + 2) - 6.0 / 8, 1e-12);
}

TEST(Evaluation, ConfusionHasTrueClassesAsRows) { EXPECT_THAT(Sample().confusion(), ElementsAre(4, 1, 0, 1, 2, 0, 0, 0, 0)); }

TEST(Evaluation, PrecisionAndRecallDiffer) {
  Evaluation evaluation(3);
  AddMany(&evaluation, 0, 0, 1);
  AddMany(&evaluation, 0, 1, 3);
  AddMany(&evaluation, 1, 1, 2);
  const Scores scores = evaluation.Summarize();
  EXPECT_DOUBLE_EQ(scores.per_class[0].precision, 1);
  EXPECT_DOUBLE_EQ(scores.per_class[0].recall, 0.25);
  EXPECT_DOUBLE_EQ(scores.per_class[0].f1, 0.4);
  EXPECT_DOUBLE_EQ(scores.per_class[1].precision, 0.4);
  EXPECT_DOUBLE_EQ(scores.per_class[1].recall, 1);
}

TEST(Evaluation, NothingAddedIsAllZero) {
  const Scores scores = Evaluation(2).Summarize();
  EXPECT_EQ(scores.examples, 0);
  EXPECT_EQ(scores.accuracy, 0);
  EXPECT_EQ(scores.loss, 0);
}

TEST(Evaluation, FirstOfEqualLogitsWinsAndTiesCountByIndexForTheTopFive) {
  Evaluation evaluation(7, 2);
  const std::vector<float> equal(7, 0.5f);
  for (size_t label = 0; label < 7; ++label) {
    const Judgement judgement = evaluation.Add(equal, label);
    EXPECT_EQ(judgement.predicted, 0);
    EXPECT_NEAR(judgement.probability, 1.0 / 7, 1e-12);
  }
  const Scores scores = evaluation.Summarize();
  EXPECT_DOUBLE_EQ(scores.accuracy, 1.0 / 7);
  EXPECT_DOUBLE_EQ(scores.top5, 5.0 / 7);
  EXPECT_EQ(scores.top_k, 2);
  EXPECT_DOUBLE_EQ(scores.top_k_accuracy, 2.0 / 7);
  EXPECT_NEAR(scores.loss, std::log(7), 1e-12);
}

TEST(Evaluation, LossOfASureMistakeIsFinite) {
  Evaluation evaluation(2);
  evaluation.Add(std::vector<float>{1000, 0}, 1);
  EXPECT_DOUBLE_EQ(evaluation.Summarize().loss, 1000);
}

TEST(Report, Files) {
  const Evaluation evaluation = Sample();
  const std::vector<std::string> classes = {"Maize", "Shepherd’s Purse", "x,y"};
  EXPECT_EQ(ConfusionCsv(evaluation, classes),
            "true\\predicted,Maize,Shepherd’s Purse,\"x,y\"\nMaize,4,1,0\nShepherd’s Purse,1,2,0\n\"x,y\",0,0,0\n");
  EXPECT_EQ(PerClassCsv(evaluation.Summarize(), classes),
            "class,precision,recall,f1,images\nMaize,0.800000,0.800000,0.800000,5\nShepherd’s Purse,0.666667,0.666667,0.666667,3\n"
            "\"x,y\",0.000000,0.000000,0.000000,0\n");
  EXPECT_EQ(PredictionsCsv(std::vector<Prediction>{{.path = "Maize/1.png", .label = 0, .judgement = {.predicted = 1, .probability = 0.75}}},
                           classes),
            "path,true,predicted,probability\nMaize/1.png,Maize,Shepherd’s Purse,0.750000\n");
  const auto json = nlohmann::json::parse(EvaluationJson(evaluation, classes));
  EXPECT_EQ(json["images"], 8);
  EXPECT_EQ(json["accuracy"], 0.75);
  EXPECT_EQ(json["confusion"][1][0], 1);
  EXPECT_EQ(json["per_class"][1]["name"], "Shepherd’s Purse");
  EXPECT_EQ(json["per_class"][1]["images"], 3);
}

}  // namespace
}  // namespace seedbed::evaluate
