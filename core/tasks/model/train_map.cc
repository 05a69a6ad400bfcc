#include "core/tasks/model/train_map.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/explore/feature_map.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/labelled_images.h"

namespace seedbed::tasks {
namespace {

using Subset = TrainInputs::Subset;

constexpr int kIterations = 500;  // few images need no more

// What lies at hand of a subset's features; null for pixels, and for what is made for each batch.
const std::vector<const float*>* FeaturesOf(const TrainRows& rows, Subset subset) {
  if (!rows.frozen) return nullptr;
  const auto* features = std::get_if<std::vector<const float*>>(&(subset == Subset::kTraining ? rows.training : rows.validation).rows);
  return features != nullptr && features->size() >= explore::kMinMapRows ? features : nullptr;
}

const std::vector<int32_t>& LabelsOf(const FinishedTraining& training, Subset subset) {
  return subset == Subset::kTraining ? training.inputs.training_labels() : training.inputs.validation_labels();
}

report::ScatterChart ChartOf(const explore::FeatureMap& map, Subset subset, const FinishedTraining& training) {
  const std::vector<std::string> paths = training.inputs.Paths(subset);
  const std::vector<int32_t>& labels = LabelsOf(training, subset);
  report::ScatterChart chart{.groups = training.inputs.classes(), .points = {}};
  for (size_t i = 0; i < map.rows.size(); ++i) {
    const uint32_t row = map.rows[i];
    report::ScatterPoint point{
        .x = map.points[i][0], .y = map.points[i][1], .group = static_cast<size_t>(labels[row]), .name = paths[row], .details = {}};
    if (training.validation) {
      const evaluate::Judgement& judgement = training.validation->predictions[row].judgement;
      point.marked = judgement.predicted != point.group;
      point.details.push_back(absl::StrCat(point.marked ? "taken for " : "recognised: ", chart.groups[judgement.predicted], ", ",
                                           report::FormatShare(judgement.probability)));
    }
    chart.points.push_back(std::move(point));
  }
  return chart;
}

std::string Explanation(const explore::FeatureMap& map, size_t images, Subset subset, const FrozenUse& frozen) {
  const char* const whose = subset == Subset::kValidation ? "validation" : "training";
  std::string text = absl::StrCat("What the layers up to ", frozen.layer, ", which were not trained, make of ");
  if (map.rows.size() < images) absl::StrAppend(&text, map.rows.size(), " of ");
  absl::StrAppend(&text, "the ", images, " ", whose, " images, as t-SNE places it: images that are near to each other are alike to the ",
                  "network. How far groups are apart, and how large they are, says little.");
  if (subset == Subset::kValidation) absl::StrAppend(&text, " Images with a ring were taken for another class.");
  return text;
}

}  // namespace

absl::StatusOr<std::optional<report::Section>> FeatureMapSection(const FinishedTraining& training, TaskContext& context) {
  const Subset subset = training.validation ? Subset::kValidation : Subset::kTraining;
  const std::vector<const float*>* features = FeaturesOf(training.rows, subset);
  if (features == nullptr) return std::optional<report::Section>();
  const size_t values = training.row_values;
  const explore::RowSource rows{
      .count = features->size(), .values = values, .row = [&](size_t row) { return std::span<const float>((*features)[row], values); }};
  ThreadPool pool(static_cast<size_t>(std::max(1, ComputeThreads(training.spec.threads, context) - 1)));  // this thread computes too
  const auto go_on = [&context](std::string_view /*phase*/, int /*done*/, int /*total*/) { return !context.cancelled(); };
  const absl::StatusOr<explore::FeatureMap> map = explore::MakeFeatureMap(
      rows, LabelsOf(training, subset), {.iterations = kIterations, .seed = training.spec.seed, .max_rows = kMappedImages}, &pool, go_on);
  if (absl::IsCancelled(map.status())) return std::optional<report::Section>();
  SB_RETURN_IF_ERROR(map.status());
  return std::optional<report::Section>({.title = "Which images are alike to the network",
                                         .text = Explanation(*map, features->size(), subset, *training.rows.frozen),
                                         .content = ChartOf(*map, subset, training)});
}

}  // namespace seedbed::tasks
