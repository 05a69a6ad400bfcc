#include "core/evaluate/evaluation.h"

#include <algorithm>
#include <cmath>

namespace seedbed::evaluate {
namespace {

double Ratio(int64_t part, int64_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

// How many classes come before the label's: those with larger logits, and those with equal ones and a smaller index.
size_t RankOf(std::span<const float> logits, size_t label) {
  size_t rank = 0;
  for (size_t k = 0; k < logits.size(); ++k) rank += logits[k] > logits[label] || (logits[k] == logits[label] && k < label);
  return rank;
}

// The best class but for `best`; `best` when there is no other.
size_t RunnerUp(std::span<const float> logits, size_t best) {
  size_t second = best;
  for (size_t k = 0; k < logits.size(); ++k) {
    if (k != best && (second == best || logits[k] > logits[second])) second = k;
  }
  return second;
}

// The bins are open below and closed above. Probabilities of the best class are over 0.
size_t BinOf(double probability) {
  const double bin = std::ceil(probability * kCalibrationBins) - 1;
  return static_cast<size_t>(std::clamp(bin, 0.0, double{kCalibrationBins - 1}));
}

}  // namespace

double ExpectedCalibrationError(const Calibration& calibration) {
  int64_t examples = 0;
  double gaps = 0;
  for (const CalibrationBin& bin : calibration) {
    examples += bin.examples;
    gaps += std::abs(static_cast<double>(bin.right) - bin.probability_sum);
  }
  return examples == 0 ? 0 : gaps / static_cast<double>(examples);
}

Judgement Evaluation::Add(std::span<const float> logits, size_t label) {
  const size_t predicted = static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  double total = 0;
  for (const float logit : logits) total += std::exp(double{logit} - logits[predicted]);
  ++examples_;
  ++confusion_[label * classes_ + predicted];
  const size_t rank = RankOf(logits, label);
  among_five_ += rank < 5;
  among_top_k_ += rank < top_k_;
  loss_sum_ += std::log(total) - (double{logits[label]} - logits[predicted]);
  const size_t runner_up = RunnerUp(logits, predicted);
  const double probability = 1 / total;
  const double next = runner_up == predicted ? 0 : std::exp(double{logits[runner_up]} - logits[predicted]) / total;
  Count(probability, predicted == label);
  return {.predicted = predicted, .probability = probability, .runner_up = runner_up, .margin = probability - next};
}

void Evaluation::Count(double probability, bool right) {
  if (!std::isfinite(probability)) return;
  CalibrationBin& bin = calibration_[BinOf(probability)];
  ++bin.examples;
  bin.right += right;
  bin.probability_sum += probability;
}

Scores Evaluation::Summarize() const {
  Scores scores{.examples = examples_,
                .accuracy = 0,
                .top5 = Ratio(among_five_, examples_),
                .top_k = top_k_,
                .top_k_accuracy = Ratio(among_top_k_, examples_),
                .loss = 0,
                .calibration_error = ExpectedCalibrationError(calibration_),
                .per_class = {}};
  if (examples_ > 0) scores.loss = loss_sum_ / static_cast<double>(examples_);
  int64_t right = 0;
  for (size_t k = 0; k < classes_; ++k) {
    int64_t truly = 0, predicted = 0;
    for (size_t other = 0; other < classes_; ++other) {
      truly += confusion_[k * classes_ + other];
      predicted += confusion_[other * classes_ + k];
    }
    const int64_t hits = confusion_[k * classes_ + k];
    right += hits;
    // f1 = 2 precision recall / (precision + recall), without the divisions by zero.
    scores.per_class.push_back(
        {.precision = Ratio(hits, predicted), .recall = Ratio(hits, truly), .f1 = Ratio(2 * hits, truly + predicted), .examples = truly});
  }
  scores.accuracy = Ratio(right, examples_);
  return scores;
}

}  // namespace seedbed::evaluate
