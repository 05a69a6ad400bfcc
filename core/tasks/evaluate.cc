#include "core/tasks/evaluate.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/evaluate/evaluation.h"
#include "core/evaluate/report.h"
#include "core/image/pixel_scaler.h"
#include "core/nn/model_file.h"
#include "core/nn/network.h"
#include "core/tasks/dataset_events.h"
#include "core/tasks/labelled_images.h"

namespace seedbed::tasks {
namespace {

// The names that only `all` has, quoted.
std::string NamesOnlyIn(const std::vector<std::string>& all, const std::vector<std::string>& others) {
  std::vector<std::string> names;
  for (const std::string& name : all) {
    if (std::find(others.begin(), others.end(), name) == others.end()) names.push_back(absl::StrCat("'", name, "'"));
  }
  return absl::StrJoin(names, ", ");
}

absl::Status CheckClasses(const EvaluateSpec& spec, const std::vector<std::string>& model, const std::vector<std::string>& dataset) {
  if (model == dataset) return absl::OkStatus();
  std::string message = absl::StrCat("model '", spec.model, "' and dataset '", spec.dataset, "' do not have the same classes");
  const std::string only_model = NamesOnlyIn(model, dataset), only_dataset = NamesOnlyIn(dataset, model);
  if (!only_model.empty()) absl::StrAppend(&message, "; only the model has ", only_model);
  if (!only_dataset.empty()) absl::StrAppend(&message, "; only the dataset has ", only_dataset);
  if (only_model.empty() && only_dataset.empty()) absl::StrAppend(&message, " in the same order");
  return absl::InvalidArgumentError(message);
}

absl::StatusOr<std::vector<uint32_t>> RowsToEvaluate(const EvaluateSpec& spec, const LabelledDataset& dataset) {
  const std::string subset = !dataset.split ? "train" : spec.subset.empty() ? "validation" : spec.subset;
  std::vector<uint32_t> rows = dataset.RowsOf(subset);
  if (!rows.empty()) return rows;
  if (!dataset.split) return absl::InvalidArgumentError(absl::StrCat("dataset '", spec.dataset, "' has no image"));
  return absl::InvalidArgumentError(
      absl::StrCat("the split has no image in a subset '", subset, "'; its subsets are ", absl::StrJoin(dataset.split->subsets, ", ")));
}

class EvaluateTask {
 public:
  EvaluateTask(const EvaluateSpec& spec, nn::SavedModel model, LabelledDataset dataset, std::vector<uint32_t> rows, TaskContext& context)
      : spec_(spec),
        model_(std::move(model)),
        dataset_(std::move(dataset)),
        rows_(std::move(rows)),
        context_(context),
        evaluation_(model_.classes.size(), static_cast<size_t>(spec.top_k)) {}

  absl::StatusOr<EvaluateResult> Run() {
    const int threads = ComputeThreads(0, context_);
    Log("plan", absl::StrCat("evaluating model '", spec_.model, "' on ", Counted(static_cast<int64_t>(rows_.size()), "image")), context_);
    SB_ASSIGN_OR_RETURN(const auto decoded, DecodeImages(dataset_, rows_, model_.preprocessing, threads, context_));
    nn::SetComputeThreads(threads);
    SB_ASSIGN_OR_RETURN(const auto network, nn::Network::Create(model_.graph, nn::ViewsOf(model_.weights)));
    ImageProgress progress("evaluate", context_);
    const size_t batch_size = static_cast<size_t>(spec_.batch_size);
    for (size_t first = 0; first < rows_.size(); first += batch_size) {
      if (!progress.Update(first, rows_.size())) return absl::CancelledError("evaluation was cancelled");
      SB_RETURN_IF_ERROR(JudgeBatch(*decoded, *network, first, std::min(batch_size, rows_.size() - first)));
    }
    progress.Update(rows_.size(), rows_.size());
    SB_RETURN_IF_ERROR(PublishReports());
    return Result();
  }

 private:
  absl::Status JudgeBatch(const image::DecodedRows& decoded, const nn::Network& network, size_t first, size_t count) {
    const size_t pixels = decoded.row(first).size();
    input_.resize(count * pixels);
    for (size_t i = 0; i < count; ++i) scaler_.Apply(decoded.row(first + i), std::span(input_).subspan(i * pixels, pixels));
    SB_ASSIGN_OR_RETURN(const std::vector<float> logits, network.Run(input_, count, graph::LogitsLayer(model_.graph).layer.name));
    const size_t classes = model_.classes.size();
    for (size_t i = 0; i < count; ++i) {
      const dataset::ManifestRow& row = dataset_.manifest.rows[rows_[first + i]];
      const size_t label = static_cast<size_t>(row.label);
      predictions_.push_back({row.path, label, evaluation_.Add(std::span(logits).subspan(i * classes, classes), label)});
    }
    return absl::OkStatus();
  }

  absl::Status PublishReports() const {
    const std::vector<std::string>& classes = model_.classes;
    SB_RETURN_IF_ERROR(PublishArtifact("evaluation.json", "application/json", evaluate::EvaluationJson(evaluation_, classes), context_));
    SB_RETURN_IF_ERROR(PublishArtifact("confusion.csv", "text/csv", evaluate::ConfusionCsv(evaluation_, classes), context_));
    SB_RETURN_IF_ERROR(PublishArtifact("per_class.csv", "text/csv", evaluate::PerClassCsv(evaluation_.Summarize(), classes), context_));
    return PublishArtifact("predictions.csv", "text/csv", evaluate::PredictionsCsv(predictions_, classes), context_);
  }

  EvaluateResult Result() const {
    const evaluate::Scores scores = evaluation_.Summarize();
    EvaluateResult result{.images = scores.examples,
                          .accuracy = scores.accuracy,
                          .top5 = scores.top5,
                          .top_k = spec_.top_k,
                          .top_k_accuracy = scores.top_k_accuracy,
                          .loss = scores.loss,
                          .per_class = {},
                          .confusion = evaluation_.confusion()};
    for (size_t k = 0; k < scores.per_class.size(); ++k) {
      const evaluate::ClassScores& scored = scores.per_class[k];
      result.per_class.push_back({model_.classes[k], scored.precision, scored.recall, scored.f1, scored.examples});
    }
    return result;
  }

  const EvaluateSpec& spec_;
  const nn::SavedModel model_;
  const LabelledDataset dataset_;
  const std::vector<uint32_t> rows_;
  TaskContext& context_;
  const image::PixelScaler scaler_{model_.preprocessing, model_.mean_image};
  std::vector<float> input_;  // of the batch
  evaluate::Evaluation evaluation_;
  std::vector<evaluate::Prediction> predictions_;
};

}  // namespace

absl::StatusOr<EvaluateResult> RunEvaluate(const EvaluateSpec& spec, TaskContext& context) {
  if (spec.batch_size < 1 || spec.batch_size > 65'536) {
    return absl::InvalidArgumentError(absl::StrCat("batch_size is ", spec.batch_size, "; it must be from 1 to 65,536"));
  }
  if (spec.top_k < 1) return absl::InvalidArgumentError(absl::StrCat("top_k is ", spec.top_k, "; it must be at least 1"));
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(spec.model_dir));
  SB_ASSIGN_OR_RETURN(LabelledDataset dataset, OpenDataset(spec.dataset_dir, spec.split_file));
  SB_RETURN_IF_ERROR(CheckClasses(spec, model.classes, dataset.manifest.classes));
  SB_ASSIGN_OR_RETURN(std::vector<uint32_t> rows, RowsToEvaluate(spec, dataset));
  return EvaluateTask(spec, std::move(model), std::move(dataset), std::move(rows), context).Run();
}

}  // namespace seedbed::tasks
