#include "core/tasks/model/train_report.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/number_text.h"
#include "core/base/status_macros.h"
#include "core/image/png_writer.h"
#include "core/report/tensorboard.h"
#include "core/report/training_charts.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/judgement_report.h"
#include "core/tasks/model/report_parts.h"
#include "core/tasks/model/train_map.h"
#include "core/visualize/contact_sheet.h"

namespace seedbed::tasks {
namespace {

using report::FormatNumber;
using report::FormatShare;
using report::Section;
using train::EpochRecord;

constexpr size_t kSampledClasses = 16;
constexpr size_t kSamplesOfEach = 4;

std::string ModelName(const TrainSpec& spec) { return absl::StrCat(spec.model, ":", spec.model_version); }

std::string DataName(const TrainSpec& spec) {
  if (!spec.features.empty()) return absl::StrCat("the features ", spec.features);
  const std::string dataset = absl::StrCat(spec.dataset, ":", spec.dataset_version);
  return spec.split.empty() ? absl::StrCat(dataset, ", all images") : absl::StrCat(dataset, ", split ", spec.split);
}

double TotalSeconds(const TrainingRecord& record) {
  double seconds = 0;
  for (const EpochRecord& epoch : record.history) seconds += epoch.seconds;
  return seconds;
}

std::vector<report::KeyFigure> Figures(const FinishedTraining& training) {
  const EpochMetrics& metrics = training.result.metrics;
  std::vector<report::KeyFigure> figures;
  const std::string epoch = absl::StrCat("epoch ", metrics.epoch);
  if (metrics.val_accuracy) figures.push_back({"Validation accuracy", FormatShare(*metrics.val_accuracy), epoch});
  if (metrics.val_loss) figures.push_back({"Validation loss", FormatNumber(*metrics.val_loss), epoch});
  figures.push_back({"Training accuracy", FormatShare(metrics.accuracy), epoch});
  figures.push_back(
      {"Epochs", FormatCount(static_cast<int64_t>(training.record.history.size())), absl::StrCat("best: ", training.record.best_epoch)});
  figures.push_back(
      {"Parameters", FormatCount(training.result.parameters), absl::StrCat(FormatCount(training.result.trainable_parameters), " trained")});
  figures.push_back({"Trained for", FormatElapsed(TotalSeconds(training.record)),
                     training.record.frozen ? "all epochs, without the frozen layers" : "all epochs"});
  return figures;
}

report::TrainingCurves CurvesOf(const TrainingRecord& record) {
  report::TrainingCurves curves;
  for (const EpochRecord& epoch : record.history) {
    curves.epochs.push_back({epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy, epoch.lr, epoch.seconds});
  }
  return curves;
}

Section HowToEvaluate(const FinishedTraining& training) {
  const TrainSpec& spec = training.spec;
  const std::string data = spec.dataset.empty() ? "NAME" : spec.dataset;
  if (!training.inputs.validation_labels().empty()) {
    return {.title = "How good is it on new images?",
            .text = absl::StrCat("The job was asked to end before its validation images were judged for this report: seedbed evaluate ",
                                 ModelName(spec), " --dataset ", data, spec.split.empty() ? "" : absl::StrCat(" --split ", spec.split),
                                 " does so.")};
  }
  return {
      .title = "How good is it on new images?",
      .text = absl::StrCat("This training had no validation images, so it cannot say. Evaluate the model on images that it has not seen: "
                           "seedbed evaluate ",
                           ModelName(spec), " --dataset ", data, "; and divide the dataset for the next training: seedbed split ", data,
                           " --fraction 0.2")};
}

// What the published weights make of the validation images; without the pictures when they cannot be read.
std::vector<Section> ValidationSections(const FinishedTraining& training, TaskContext& context) {
  const auto read = [&](std::span<const size_t> predictions) {
    return training.inputs.Pictures(TrainInputs::Subset::kValidation, predictions, training.model.preprocessing, context);
  };
  const ValidationJudgement& validation = *training.validation;
  JudgedImages judged{validation.evaluation, training.model.classes, validation.predictions,
                      training.inputs.HasPictures() ? PicturesOf(read) : nullptr};
  absl::StatusOr<std::vector<Section>> sections = JudgementSections(judged);
  if (sections.ok()) return *std::move(sections);
  Warn("report_without_pictures", absl::StrCat("the report shows no images: ", sections.status().message()), context);
  judged.pictures = nullptr;
  return JudgementSections(judged).value_or(std::vector<Section>());
}

Section Balance(const FinishedTraining& training) {
  const TrainInputs& inputs = training.inputs;
  const size_t classes = inputs.classes().size();
  std::vector<SubsetBalance> subsets{BalanceOf("training", inputs.training_labels(), classes)};
  if (!inputs.validation_labels().empty()) subsets.push_back(BalanceOf("validation", inputs.validation_labels(), classes));
  return ClassBalance(inputs.classes(), subsets);
}

Section Times(const FinishedTraining& training) {
  const TrainingRecord& record = training.record;
  const double seconds = TotalSeconds(record), epochs = static_cast<double>(record.history.size());
  FactRows rows{{"all epochs", FormatElapsed(seconds)},
                {"an epoch", FormatElapsed(seconds / epochs)},
                {"images a second, last epoch", FormatCount(static_cast<int64_t>(record.history.back().images_per_second))},
                {"training images", FormatCount(record.training_images)},
                {"validation images", FormatCount(record.validation_images)}};
  if (record.frozen) {
    rows.emplace_back("frozen up to", record.frozen->layer);
    rows.emplace_back("images run through the frozen part", FormatCount(training.result.backbone_images));
    rows.emplace_back("images found in the feature cache", FormatCount(training.result.cached_images));
  }
  return Timing(std::move(rows));
}

absl::StatusOr<Section> Origin(const FinishedTraining& training) {
  SB_ASSIGN_OR_RETURN(const std::string split_sha256, SplitDigest(training.spec.split_file));
  FactRows rows{{"model", ModelName(training.spec)}, {"weights", training.result.weights_sha256}, {"architecture", training.result.arch}};
  for (const auto& [name, value] : training.record.inputs.items()) {
    if (value.is_string() && value.get_ref<const std::string&>().empty()) continue;
    rows.emplace_back(absl::StrReplaceAll(name, {{"_", " "}}), value.is_string() ? value.get<std::string>() : value.dump());
  }
  rows.emplace_back("split file", split_sha256);
  if (!training.record.backbone.model.empty()) {
    rows.emplace_back("backbone", training.record.backbone.model);
    rows.emplace_back("backbone weights", training.record.backbone.weights_sha256);
  }
  std::ranges::move(ProfileRows(training.record.profile), std::back_inserter(rows));
  return Provenance(std::move(rows));
}

// Training images of each class, as a row of small pictures.
absl::StatusOr<image::Image> SampleSheet(const FinishedTraining& training, const TaskContext& context) {
  const std::vector<int32_t>& labels = training.inputs.training_labels();
  const std::vector<std::string>& classes = training.inputs.classes();
  std::vector<size_t> examples;
  std::vector<size_t> taken(classes.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t label = static_cast<size_t>(labels[i]);
    if (label < kSampledClasses && taken[label]++ < kSamplesOfEach) examples.push_back(i);
  }
  SB_ASSIGN_OR_RETURN(const std::vector<image::Image> pictures,
                      training.inputs.Pictures(TrainInputs::Subset::kTraining, examples, training.model.preprocessing, context));
  visualize::ContactSheet sheet{.title = "Training images of " + ModelName(training.spec), .notes = {}, .columns = {}, .rows = {}};
  for (size_t k = 0; k < std::min(classes.size(), kSampledClasses); ++k) sheet.rows.push_back({.heading = classes[k], .cells = {}});
  for (size_t i = 0; i < examples.size(); ++i) {
    sheet.rows[static_cast<size_t>(labels[examples[i]])].cells.push_back({.picture = visualize::ShownPicture(Thumbnail(pictures[i]))});
  }
  return visualize::DrawSheet(sheet);
}

absl::Status AddSamples(const FinishedTraining& training, double time, const TaskContext& context, report::EventFile* events) {
  SB_ASSIGN_OR_RETURN(const image::Image sheet, SampleSheet(training, context));
  SB_ASSIGN_OR_RETURN(const std::string png, image::EncodePng(image::AsPngPicture(sheet)));
  events->AddImage(time, 0, "training images", sheet.width, sheet.height, png);
  return absl::OkStatus();
}

}  // namespace

absl::Status PublishTrainingReport(const FinishedTraining& training, TaskContext& context) {
  const MonotonicTime start = SystemClock().Monotonic();
  const TrainSpec& spec = training.spec;
  report::Report report{
      .title = absl::StrCat("Training of ", ModelName(spec)),
      .subtitle = absl::StrCat(training.result.arch, " on ", DataName(spec), spec.job.empty() ? "" : absl::StrCat("; job ", spec.job)),
      .figures = Figures(training)};
  const std::vector<report::TrainingCurves> curves{CurvesOf(training.record)};
  report.sections = report::LossAndAccuracy(curves);
  report.sections.push_back(report::LearningRate(curves));
  report.sections.push_back(Balance(training));
  if (training.validation) {
    std::ranges::move(ValidationSections(training, context), std::back_inserter(report.sections));
  } else {
    report.sections.push_back(HowToEvaluate(training));
  }
  SB_ASSIGN_OR_RETURN(std::optional<Section> map, FeatureMapSection(training, context));
  if (map) report.sections.push_back(*std::move(map));
  report.sections.push_back(report::EpochTable(curves.front(), static_cast<size_t>(training.record.epoch)));
  SB_ASSIGN_OR_RETURN(const auto rejected, training.inputs.Rejected());
  report.sections.push_back(RejectedFiles(rejected));
  report.sections.push_back(Times(training));
  SB_ASSIGN_OR_RETURN(Section origin, Origin(training));
  report.sections.push_back(std::move(origin));
  report.sections.push_back(Recipe(spec.recipe));
  return PublishReport(std::move(report), start, context);
}

absl::Status PublishTensorBoard(const FinishedTraining& training, TaskContext& context) {
  // The epochs ended one after the other, the last one now.
  double time = static_cast<double>(SystemClock().WallMicros()) / 1e6 - TotalSeconds(training.record);
  report::EventFile events(time);
  if (training.inputs.HasPictures()) {
    const absl::Status added = AddSamples(training, time, context, &events);
    if (!added.ok()) Warn("tensorboard_without_pictures", absl::StrCat("TensorBoard gets no images: ", added.message()), context);
  }
  for (const EpochRecord& epoch : training.record.history) {
    time += epoch.seconds;
    events.AddScalar(time, epoch.epoch, "loss", epoch.loss);
    events.AddScalar(time, epoch.epoch, "accuracy", epoch.accuracy);
    if (epoch.val_loss) events.AddScalar(time, epoch.epoch, "val_loss", *epoch.val_loss);
    if (epoch.val_accuracy) events.AddScalar(time, epoch.epoch, "val_accuracy", *epoch.val_accuracy);
    events.AddScalar(time, epoch.epoch, "lr", epoch.lr);
  }
  SB_RETURN_IF_ERROR(CreateDirectories(context.paths().artifacts_dir / kTensorBoardFolder));
  return PublishArtifact(absl::StrCat(kTensorBoardFolder, "/", report::kEventFileName), "application/octet-stream", events.content(),
                         context);
}

}  // namespace seedbed::tasks
