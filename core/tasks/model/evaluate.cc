#include "core/tasks/model/evaluate.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "core/evaluate/evaluation.h"
#include "core/evaluate/report.h"
#include "core/features/extract.h"
#include "core/nn/backend.h"
#include "core/nn/model_file.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/evaluate_report.h"
#include "core/tasks/model/labelled_images.h"

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
    const Clock& clock = SystemClock();
    const MonotonicTime start = clock.Monotonic();
    SB_ASSIGN_OR_RETURN(const auto decoded, DecodeImages(dataset_, rows_, model_.preprocessing, threads, context_));
    const MonotonicTime are_decoded = clock.Monotonic();
    SB_RETURN_IF_ERROR(Judge(*decoded, threads));
    const EvaluationTimes times{.decode = are_decoded - start, .judge = clock.Monotonic() - are_decoded};
    SB_RETURN_IF_ERROR(PublishReports());
    SB_RETURN_IF_ERROR(PublishReport(*decoded, times));
    return Result();
  }

 private:
  // The network up to its logits, over all images: memory for a few batches, however many there are.
  absl::Status Judge(const image::DecodedRows& decoded, int threads) {
    const graph::ResolvedLayer& logits = graph::LogitsLayer(model_.graph);
    SB_ASSIGN_OR_RETURN(const auto backend, nn::MakeBackend(model_.graph, nn::ViewsOf(model_.weights),
                                                            {.backend = "auto", .layer = logits.layer.name, .threads = threads}));
    SB_ASSIGN_OR_RETURN(features::Extractor network,
                        features::Extractor::Create(backend.get(), logits.output_shape, model_.preprocessing, model_.mean_image,
                                                    {.batch = static_cast<size_t>(spec_.batch_size)}));
    ImageProgress progress("evaluate", context_);
    const auto on_progress = [&progress](size_t done, size_t total) { return progress.Update(done, total); };
    const auto judge = [this](size_t first, std::span<const float> rows) {
      JudgeRows(first, rows);
      return absl::OkStatus();
    };
    std::vector<size_t> images(rows_.size());
    std::iota(images.begin(), images.end(), size_t{0});
    return network.Run(images, features::PixelsOf(decoded), judge, on_progress);
  }

  void JudgeRows(size_t first, std::span<const float> logits) {
    const size_t classes = model_.classes.size();
    for (size_t i = 0; i < logits.size() / classes; ++i) {
      const dataset::ManifestRow& row = dataset_.manifest.rows[rows_[first + i]];
      const size_t label = static_cast<size_t>(row.label);
      predictions_.push_back({row.path, label, evaluation_.Add(logits.subspan(i * classes, classes), label)});
    }
  }

  absl::Status PublishReports() const {
    const std::vector<std::string>& classes = model_.classes;
    SB_RETURN_IF_ERROR(PublishArtifact("evaluation.json", "application/json", evaluate::EvaluationJson(evaluation_, classes), context_));
    SB_RETURN_IF_ERROR(PublishArtifact("confusion.csv", "text/csv", evaluate::ConfusionCsv(evaluation_, classes), context_));
    SB_RETURN_IF_ERROR(PublishArtifact("per_class.csv", "text/csv", evaluate::PerClassCsv(evaluation_.Summarize(), classes), context_));
    return PublishArtifact("predictions.csv", "text/csv", evaluate::PredictionsCsv(predictions_, classes), context_);
  }

  absl::Status PublishReport(const image::DecodedRows& decoded, const EvaluationTimes& times) const {
    const auto pictures = [&](std::span<const size_t> predictions) -> absl::StatusOr<std::vector<image::Image>> {
      std::vector<image::Image> found;
      for (const size_t i : predictions) found.push_back(PictureOf(decoded, i, model_.preprocessing));
      return found;
    };
    const JudgedImages judged{evaluation_, model_.classes, predictions_, pictures};
    return PublishEvaluationReport(spec_, dataset_, judged, nn::ModelSha256(model_), times, context_);
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
  if (model.classes.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("model '", spec.model, "' is a network without classes: train a head on it, or evaluate one that has"));
  }
  SB_RETURN_IF_ERROR(CheckClasses(spec, model.classes, dataset.manifest.classes));
  const std::string subset = spec.subset.empty() ? "validation" : spec.subset;
  SB_ASSIGN_OR_RETURN(std::vector<uint32_t> rows, RowsOfSubset(dataset, spec.dataset, subset));
  EvaluateSpec written_out = spec;
  written_out.subset = subset;
  return EvaluateTask(written_out, std::move(model), std::move(dataset), std::move(rows), context).Run();
}

}  // namespace seedbed::tasks
