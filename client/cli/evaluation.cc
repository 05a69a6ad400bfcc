#include "client/cli/evaluation.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/table.h"
#include "client/cli/text_format.h"

namespace seedbed::cli {
namespace {

constexpr size_t kPairsShown = 5;

std::string Ratio(double ratio) { return absl::StrFormat("%.4f", ratio); }

// "top-5 0.8542".
std::string TopText(const v1::EvaluateResult& result) {
  if (result.top_k() == 0) return absl::StrCat("top-5 ", Ratio(result.top5()));  // of a server that does not know others
  return absl::StrCat("top-", result.top_k(), " ", Ratio(result.top_k_accuracy()));
}

}  // namespace

std::vector<ConfusedPair> WorstPairs(const v1::EvaluateResult& result, size_t limit) {
  const int classes = result.per_class_size();
  std::vector<ConfusedPair> pairs;
  for (int cell = 0; cell < std::min(result.confusion_size(), classes * classes); ++cell) {
    const v1::ClassScore& actual = result.per_class(cell / classes);
    const int64_t images = result.confusion(cell);
    if (images == 0 || cell / classes == cell % classes) continue;
    const double share = actual.images() > 0 ? static_cast<double>(images) / static_cast<double>(actual.images()) : 0;
    pairs.push_back({actual.name(), result.per_class(cell % classes).name(), images, share});
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const ConfusedPair& a, const ConfusedPair& b) { return a.images > b.images; });
  pairs.resize(std::min(pairs.size(), limit));
  return pairs;
}

std::string RenderEvaluation(const v1::EvaluateResult& result) {
  Table classes({{"CLASS"}, {"PRECISION", Align::kRight}, {"RECALL", Align::kRight}, {"F1", Align::kRight}, {"IMAGES", Align::kRight}});
  for (const v1::ClassScore& score : result.per_class()) {
    classes.AddRow({score.name(), Ratio(score.precision()), Ratio(score.recall()), Ratio(score.f1()), FormatCount(score.images())});
  }
  const int64_t right = std::llround(result.accuracy() * static_cast<double>(result.images()));
  std::string text = classes.Render();
  absl::StrAppend(&text, "\naccuracy ", Ratio(result.accuracy()), " (", FormatCount(right), " of ", FormatCountOf(result.images(), "image"),
                  "), ", TopText(result), ", loss ", Ratio(result.loss()), "\n");
  const std::vector<ConfusedPair> pairs = WorstPairs(result, kPairsShown);
  if (pairs.empty()) return text;
  Table worst({{"WORST CONFUSED"}, {"TAKEN FOR"}, {"IMAGES", Align::kRight}, {"SHARE", Align::kRight}});
  for (const ConfusedPair& pair : pairs) {
    worst.AddRow({pair.actual, pair.predicted, FormatCount(pair.images), absl::StrFormat("%.0f%%", 100 * pair.share)});
  }
  return absl::StrCat(text, "\n", worst.Render());
}

}  // namespace seedbed::cli
