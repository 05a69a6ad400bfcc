// Scores of a classifier over labelled examples.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seedbed::evaluate {

struct ClassScores {
  double precision = 0;  // of the examples predicted as this class, the share that is; 0 when there are none
  double recall = 0;     // of this class's examples, the share predicted as it; 0 when there are none
  double f1 = 0;         // harmonic mean of the two; 0 when both are 0
  int64_t examples = 0;
};

// Examples whose prediction has a probability in (i / kCalibrationBins, (i + 1) / kCalibrationBins], of bin i.
struct CalibrationBin {
  int64_t examples = 0;
  int64_t right = 0;
  double probability_sum = 0;
};
inline constexpr size_t kCalibrationBins = 15;
using Calibration = std::array<CalibrationBin, kCalibrationBins>;

// The expected calibration error: the sum over bins of |bin| / n * |accuracy(bin) - mean probability(bin)|; 0 without examples. Guo et al.,
// "On Calibration of Modern Neural Networks", ICML 2017, equation 3, with their 15 bins of equal width.
double ExpectedCalibrationError(const Calibration& calibration);

struct Scores {
  int64_t examples = 0;
  double accuracy = 0;
  double top5 = 0;  // share of examples whose class is among the five best
  size_t top_k = 5;
  double top_k_accuracy = 0;  // likewise, among the top_k best
  double loss = 0;            // mean cross-entropy
  double calibration_error = 0;
  std::vector<ClassScores> per_class;
};

// What the classifier made of one example.
struct Judgement {
  size_t predicted = 0;    // class with the largest logit, the first among equals
  double probability = 0;  // of that class
  size_t runner_up = 0;    // class with the largest logit but for that, the first among equals; with one class, that one
  double margin = 0;       // probability less that of the runner-up; 1 with one class
};

// Collects examples one by one. All sums are exact or in double precision, in the order of the calls.
class Evaluation {
 public:
  // `top_k` is at least 1; with more than there are classes, everything is among them.
  explicit Evaluation(size_t classes, size_t top_k = 5) : classes_(classes), top_k_(top_k), confusion_(classes * classes) {}

  // `logits` has one value for each class; `label` is in [0, classes).
  Judgement Add(std::span<const float> logits, size_t label);

  // Row: true class, column: predicted class; row-major.
  const std::vector<int64_t>& confusion() const { return confusion_; }
  const Calibration& calibration() const { return calibration_; }
  // All zero without examples.
  Scores Summarize() const;

 private:
  void Count(double probability, bool right);

  const size_t classes_;
  const size_t top_k_;
  std::vector<int64_t> confusion_;
  int64_t examples_ = 0;
  int64_t among_five_ = 0;
  int64_t among_top_k_ = 0;
  double loss_sum_ = 0;
  Calibration calibration_{};
};

}  // namespace seedbed::evaluate
