#include "core/report/training_charts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/number_text.h"

namespace seedbed::report {
namespace {

constexpr size_t kPointsShown = 1000;

using Value = std::optional<double> (*)(const EpochPoint&);

// Indices of the epochs that are drawn.
std::vector<size_t> ShownEpochs(std::span<const TrainingCurves> trainings) {
  size_t epochs = 0;
  for (const TrainingCurves& training : trainings) epochs = std::max(epochs, training.epochs.size());
  const size_t step = std::max<size_t>(1, (epochs + kPointsShown - 1) / kPointsShown);
  std::vector<size_t> shown;
  for (size_t epoch = 0; epoch < epochs; epoch += step) shown.push_back(epoch);
  if (epochs > 0 && shown.back() != epochs - 1) shown.push_back(epochs - 1);
  return shown;
}

Series SeriesOf(const TrainingCurves& training, std::span<const size_t> shown, Value value) {
  Series series;
  for (const size_t epoch : shown) {
    series.values.push_back(epoch < training.epochs.size() ? value(training.epochs[epoch]) : std::nullopt);
  }
  return series;
}

bool HasValue(const Series& series) {
  return std::any_of(series.values.begin(), series.values.end(), [](const std::optional<double>& value) { return value.has_value(); });
}

Chart ChartOf(std::span<const size_t> shown, Format format) {
  Chart chart{.format = format, .labels = {}, .series = {}, .label_title = "epoch"};
  for (const size_t epoch : shown) chart.labels.push_back(absl::StrCat(epoch + 1));
  return chart;
}

Section Curves(std::string title, Format format, std::span<const TrainingCurves> trainings, Value training_value, Value validation_value) {
  const std::vector<size_t> shown = ShownEpochs(trainings);
  Chart chart = ChartOf(shown, format);
  for (size_t i = 0; i < trainings.size(); ++i) {
    const std::string prefix = trainings[i].name.empty() ? "" : trainings[i].name + " ";
    Series training = SeriesOf(trainings[i], shown, training_value), validation = SeriesOf(trainings[i], shown, validation_value);
    const bool single = trainings.size() == 1;
    training.name = prefix + "training";
    training.colour = static_cast<int>(i);
    training.dashed = !single;
    validation.name = prefix + "validation";
    validation.colour = single ? 1 : static_cast<int>(i);
    chart.series.push_back(std::move(training));
    if (HasValue(validation)) chart.series.push_back(std::move(validation));
  }
  return {.title = std::move(title), .content = std::move(chart), .half = true};
}

}  // namespace

std::vector<Section> LossAndAccuracy(std::span<const TrainingCurves> trainings) {
  return {Curves(
              "Loss", Format::kNumber, trainings, [](const EpochPoint& epoch) { return std::optional(epoch.loss); },
              [](const EpochPoint& epoch) { return epoch.val_loss; }),
          Curves(
              "Accuracy", Format::kShare, trainings, [](const EpochPoint& epoch) { return std::optional(epoch.accuracy); },
              [](const EpochPoint& epoch) { return epoch.val_accuracy; })};
}

Section LearningRate(std::span<const TrainingCurves> trainings) {
  const std::vector<size_t> shown = ShownEpochs(trainings);
  Chart chart = ChartOf(shown, Format::kScientific);
  for (const TrainingCurves& training : trainings) {
    Series series = SeriesOf(training, shown, [](const EpochPoint& epoch) { return std::optional(epoch.lr); });
    series.name = training.name.empty() ? "learning rate" : training.name;
    chart.series.push_back(std::move(series));
  }
  return {.title = "Learning rate", .content = std::move(chart), .half = true};
}

Section EpochTable(const TrainingCurves& training, size_t kept) {
  const auto number = [](const std::optional<double>& value) { return value ? FormatNumber(*value) : "–"; };
  const auto share = [](const std::optional<double>& value) { return value ? FormatShare(*value) : "–"; };
  Table table{.columns = {{"epoch", true},
                          {"loss", true},
                          {"accuracy", true},
                          {"validation loss", true},
                          {"validation accuracy", true},
                          {"learning rate", true},
                          {"time", true}},
              .rows = {}};
  for (const size_t i : ShownEpochs({&training, 1})) {
    const EpochPoint& epoch = training.epochs[i];
    table.rows.push_back({FormatCount(static_cast<int64_t>(i + 1)), FormatNumber(epoch.loss), FormatShare(epoch.accuracy),
                          number(epoch.val_loss), share(epoch.val_accuracy), FormatNumber(epoch.lr), FormatElapsed(epoch.seconds)});
  }
  return {.title = "Epochs",
          .text = absl::StrCat("The model has the weights of epoch ", kept, "."),
          .content = std::move(table),
          .folded = true};
}

}  // namespace seedbed::report
