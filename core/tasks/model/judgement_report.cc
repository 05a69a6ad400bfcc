#include "core/tasks/model/judgement_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/number_text.h"
#include "core/base/status_macros.h"
#include "core/image/png_writer.h"
#include "core/image/resize.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {

using evaluate::Prediction;
using report::FormatNumber;
using report::FormatShare;
using report::Section;

constexpr size_t kClassBars = 40;

Section Confusion(const JudgedImages& judged) {
  report::ConfusionMatrix matrix{.classes = {judged.classes.begin(), judged.classes.end()}, .counts = judged.evaluation.confusion()};
  return {.title = "Who was taken for whom",
          .text = "Rows are true classes, columns what the images were taken for; point at a cell for its shares.",
          .content = std::move(matrix)};
}

// Bars of all classes, or of those with the lowest F1 when there are too many to be told apart.
Section ClassBars(const JudgedImages& judged, const evaluate::Scores& scores) {
  std::vector<size_t> shown(scores.per_class.size());
  std::iota(shown.begin(), shown.end(), size_t{0});
  std::string text;
  if (shown.size() > kClassBars) {
    std::stable_sort(shown.begin(), shown.end(), [&](size_t a, size_t b) { return scores.per_class[a].f1 < scores.per_class[b].f1; });
    shown.resize(kClassBars);
    text = absl::StrCat("The ", kClassBars, " of ", scores.per_class.size(), " classes with the lowest F1; the table below has all.");
  }
  report::Chart chart{.type = report::Chart::Type::kHorizontalBars, .format = report::Format::kShare, .full_share = true};
  report::Series precision{.name = "precision", .values = {}}, recall{.name = "recall", .values = {}}, f1{.name = "F1", .values = {}};
  for (const size_t k : shown) {
    const evaluate::ClassScores& scored = scores.per_class[k];
    chart.labels.push_back(judged.classes[k]);
    precision.values.emplace_back(scored.precision);
    recall.values.emplace_back(scored.recall);
    f1.values.emplace_back(scored.f1);
  }
  chart.series = {std::move(precision), std::move(recall), std::move(f1)};
  return {.title = "Precision, recall and F1 of each class", .text = std::move(text), .content = std::move(chart)};
}

Section ClassTable(const JudgedImages& judged, const evaluate::Scores& scores) {
  report::Table table{.columns = {{"class"}, {"precision", true}, {"recall", true}, {"F1", true}, {"images", true}}, .rows = {}};
  for (size_t k = 0; k < scores.per_class.size(); ++k) {
    const evaluate::ClassScores& scored = scores.per_class[k];
    table.rows.push_back({judged.classes[k], FormatShare(scored.precision), FormatShare(scored.recall), FormatShare(scored.f1),
                          FormatCount(scored.examples)});
  }
  return {.title = "Scores of each class", .content = std::move(table), .folded = true};
}

// How often predictions of some probability are right, beside how often they should be.
Section Reliability(const evaluate::Evaluation& evaluation, double calibration_error) {
  report::Chart chart{.type = report::Chart::Type::kBars,
                      .format = report::Format::kShare,
                      .label_title = "probability of the predicted class",
                      .value_title = "share that is right",
                      .full_share = true};
  report::Series right{.name = "right", .values = {}, .colour = 0},
      ideal{.name = "mean probability", .values = {}, .dashed = true, .colour = 1, .line = true};
  for (size_t i = 0; i < evaluation.calibration().size(); ++i) {
    const evaluate::CalibrationBin& bin = evaluation.calibration()[i];
    const double end = static_cast<double>(i + 1) / evaluate::kCalibrationBins;
    chart.labels.push_back(absl::StrFormat("%.0f–%.0f %%", 100 * (end - 1.0 / evaluate::kCalibrationBins), 100 * end));
    const double images = static_cast<double>(bin.examples);
    right.values.push_back(bin.examples > 0 ? std::optional(static_cast<double>(bin.right) / images) : std::nullopt);
    ideal.values.push_back(bin.examples > 0 ? std::optional(bin.probability_sum / images) : std::nullopt);
  }
  chart.series = {std::move(right), std::move(ideal)};
  return {.title = "Can its probabilities be trusted?",
          .text = absl::StrCat("Where bars end below the line the model is too sure of itself. Expected calibration error ",
                               FormatShare(calibration_error), " (Guo et al., 2017; ", evaluate::kCalibrationBins, " bins)."),
          .content = std::move(chart),
          .half = true};
}

// At most kPicturesShown predictions for which `chosen` holds, the ones with the smallest key first.
template <typename Chosen, typename Key>
std::vector<size_t> Smallest(std::span<const Prediction> predictions, const Chosen& chosen, const Key& key) {
  std::vector<size_t> found;
  for (size_t i = 0; i < predictions.size(); ++i) {
    if (chosen(predictions[i])) found.push_back(i);
  }
  std::stable_sort(found.begin(), found.end(), [&](size_t a, size_t b) { return key(predictions[a]) < key(predictions[b]); });
  found.resize(std::min(found.size(), kPicturesShown));
  return found;
}

absl::StatusOr<report::Pictures> Gallery(const JudgedImages& judged, std::span<const size_t> shown, bool with_runner_up) {
  SB_ASSIGN_OR_RETURN(const std::vector<image::Image> pictures, judged.pictures(shown));
  report::Pictures gallery;
  for (size_t i = 0; i < shown.size(); ++i) {
    const Prediction& prediction = judged.predictions[shown[i]];
    const evaluate::Judgement& judgement = prediction.judgement;
    report::Picture picture{.png = {},
                            .name = prediction.path,
                            .actual = judged.classes[prediction.label],
                            .predicted = judged.classes[judgement.predicted],
                            .details = {absl::StrCat("probability ", FormatShare(judgement.probability))}};
    if (with_runner_up && judgement.runner_up != judgement.predicted) {
      picture.details.push_back(
          absl::StrCat("then ", judged.classes[judgement.runner_up], " ", FormatShare(judgement.probability - judgement.margin)));
    }
    SB_ASSIGN_OR_RETURN(picture.png, image::EncodePng(image::AsPngPicture(Thumbnail(pictures[i]))));
    gallery.pictures.push_back(std::move(picture));
  }
  return gallery;
}

absl::Status AddGalleries(const JudgedImages& judged, std::vector<Section>* sections) {
  const auto wrong = [](const Prediction& one) { return one.judgement.predicted != one.label; };
  const auto all = [](const Prediction&) { return true; };
  const std::vector<size_t> worst = Smallest(judged.predictions, wrong, [](const Prediction& one) { return -one.judgement.probability; });
  const std::vector<size_t> unsure = Smallest(judged.predictions, all, [](const Prediction& one) { return one.judgement.margin; });
  const int64_t mistakes = std::count_if(judged.predictions.begin(), judged.predictions.end(), wrong);
  Section section{.title = "Worst mistakes", .text = "None: every image was recognised."};
  if (mistakes > 0) {
    SB_ASSIGN_OR_RETURN(section.content, Gallery(judged, worst, /*with_runner_up=*/false));
    section.text = absl::StrCat("The images whose wrong class had the highest probability, ", worst.size(), " of ",
                                Counted(mistakes, "mistake"), ". As the network saw them.");
  }
  sections->push_back(std::move(section));
  SB_ASSIGN_OR_RETURN(report::Pictures gallery, Gallery(judged, unsure, /*with_runner_up=*/true));
  sections->push_back({.title = "Most uncertain images",
                       .text = "Those whose two best classes were closest to each other; new images like these teach a model most.",
                       .content = std::move(gallery)});
  return absl::OkStatus();
}

}  // namespace

std::vector<report::KeyFigure> JudgementFigures(const evaluate::Evaluation& evaluation) {
  const evaluate::Scores scores = evaluation.Summarize();
  const int64_t right = std::llround(scores.accuracy * static_cast<double>(scores.examples));
  return {{"Accuracy", FormatShare(scores.accuracy),
           absl::StrCat(FormatCount(right), " of ", FormatCount(scores.examples), scores.examples == 1 ? " image" : " images")},
          {absl::StrCat("Top-", scores.top_k), FormatShare(scores.top_k_accuracy), "class among the best so many"},
          {"Loss", FormatNumber(scores.loss), "mean cross-entropy"},
          {"Calibration error", FormatShare(scores.calibration_error), "0 is best"}};
}

absl::StatusOr<std::vector<Section>> JudgementSections(const JudgedImages& judged) {
  const evaluate::Scores scores = judged.evaluation.Summarize();
  std::vector<Section> sections{Confusion(judged), ClassBars(judged, scores), ClassTable(judged, scores),
                                Reliability(judged.evaluation, scores.calibration_error)};
  if (judged.pictures) SB_RETURN_IF_ERROR(AddGalleries(judged, &sections));
  return sections;
}

image::Image Thumbnail(const image::Image& picture) {
  const int longer = std::max(picture.width, picture.height);
  if (longer <= kThumbnailSide) return picture;
  const auto shrunk = [longer](int side) { return std::max(1, side * kThumbnailSide / longer); };
  image::Image small{.width = shrunk(picture.width), .height = shrunk(picture.height), .rgb = {}};
  small.rgb.resize(size_t{3} * static_cast<size_t>(small.width) * static_cast<size_t>(small.height));
  image::ResizeInto(picture, small.width, small.height, image::Filter::kBilinear, small.rgb);
  return small;
}

}  // namespace seedbed::tasks
