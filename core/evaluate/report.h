// Scores as files for people and programs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/evaluate/evaluation.h"

namespace seedbed::evaluate {

// One row of predictions.csv.
struct Prediction {
  std::string path;
  size_t label = 0;
  Judgement judgement;
};

// {"images", "accuracy", "top5", "top_k", "top_k_accuracy", "loss", "calibration_error", "classes", "per_class": [{"name", "precision",
// "recall", "f1", "images"}], "confusion": [[...]], "calibration": [{"images", "right", "probability_sum"}]}
std::string EvaluationJson(const Evaluation& evaluation, std::span<const std::string> classes);
// Header "true\predicted,<class>..."; a row for each true class.
std::string ConfusionCsv(const Evaluation& evaluation, std::span<const std::string> classes);
// Columns class, precision, recall, f1, images.
std::string PerClassCsv(const Scores& scores, std::span<const std::string> classes);
// Columns path, true, predicted, probability.
std::string PredictionsCsv(std::span<const Prediction> predictions, std::span<const std::string> classes);

}  // namespace seedbed::evaluate
