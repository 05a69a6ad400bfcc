// How good a model is, for people.
#pragma once

#include <string>
#include <vector>

#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// Images of class `actual` that were taken for `predicted`.
struct ConfusedPair {
  std::string actual;
  std::string predicted;
  int64_t images = 0;
  double share = 0;  // of the images of `actual`
};

// The pairs of different classes with the most images, at most `limit`; ties in class order.
std::vector<ConfusedPair> WorstPairs(const v1::EvaluateResult& result, size_t limit);

// Accuracy, the table of classes and the worst pairs.
std::string RenderEvaluation(const v1::EvaluateResult& result);

}  // namespace seedbed::cli
