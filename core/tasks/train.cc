#include "core/tasks/train.h"

#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/cpu.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/nn/model_file.h"
#include "core/nn/weights.h"
#include "core/tasks/dataset_events.h"
#include "core/tasks/labelled_images.h"
#include "core/tasks/train_recipe.h"
#include "core/tasks/train_record.h"
#include "core/train/linear_learner.h"
#include "core/train/mean_image.h"
#include "core/train/trainer.h"

namespace seedbed::tasks {
namespace {

using train::EpochRecord;

constexpr char kBestWeightsName[] = "best.safetensors";

// Tells the task's context what the trainer says.
class ContextObserver : public train::TrainObserver {
 public:
  ContextObserver(EpochPlan plan, TaskContext& context) : plan_(plan), context_(context) {}

  bool Cancelled() override { return context_.cancelled(); }
  void OnProgress(int epoch, int64_t done, int64_t total, double images_per_second) override {
    context_.Report({absl::StrCat("epoch ", epoch, "/", plan_.epochs), done, total, "images", images_per_second});
  }
  void OnEpoch(const EpochRecord& record) override { context_.Emit({absl::StrCat("epoch/", record.epoch), MetricsFrom(record, plan_)}); }
  void OnWarning(std::string_view code, const std::string& message) override { Warn(code, message, context_); }
  void OnResume(int epoch, int64_t batches_done) override {
    Log(absl::StrCat("resumed/", context_.attempt_epoch()),
        absl::StrCat("resumed from a checkpoint: epoch ", epoch, ", batches already done: ", batches_done), context_);
  }
  void OnCheckpoint(int64_t mark) override { context_.Checkpointed(mark); }

 private:
  const EpochPlan plan_;
  TaskContext& context_;
};

class TrainTask {
 public:
  TrainTask(const TrainSpec& spec, TaskContext& context)
      : spec_(spec), context_(context), threads_(ComputeThreads(spec.threads, context)) {}

  absl::StatusOr<TrainResult> Run() {
    SB_RETURN_IF_ERROR(CheckRecipe(spec_));
    SB_ASSIGN_OR_RETURN(preprocessing_, ResolvePreprocessing(spec_.preprocessing, {}));
    SB_ASSIGN_OR_RETURN(dataset_, OpenDataset(spec_.dataset_dir, spec_.split_file));
    training_rows_ = dataset_.RowsOf("train");
    validation_rows_ = dataset_.RowsOf("validation");
    SB_RETURN_IF_ERROR(CheckImages());
    SB_ASSIGN_OR_RETURN(nn::SavedModel model, InitialModel());
    LogPlan(model);
    SB_ASSIGN_OR_RETURN(const train::TrainOutcome outcome, Train(&model));
    if (outcome.cancelled) return Cancelled(outcome, std::move(model));
    return Publish(outcome, std::move(model));
  }

 private:
  std::string arch() const { return spec_.arch.empty() ? "logistic" : spec_.arch; }
  const std::vector<std::string>& classes() const { return dataset_.manifest.classes; }
  std::string instruction_set() const {
    const std::string& bound = context_.profile().instruction_set;
    return bound.empty() ? std::string(InstructionSet()) : bound;
  }

  absl::Status CheckImages() {
    if (classes().size() < 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("training needs at least 2 classes; dataset '", spec_.dataset, "' has ", classes().size()));
    }
    if (training_rows_.empty()) {
      return absl::InvalidArgumentError(dataset_.split ? absl::StrCat("split '", spec_.split, "' has no image in its subset 'train'")
                                                       : absl::StrCat("dataset '", spec_.dataset, "' has no image"));
    }
    std::vector<int64_t> per_class(classes().size());
    for (const uint32_t row : training_rows_) ++per_class[static_cast<size_t>(dataset_.manifest.rows[row].label)];
    std::vector<std::string> empty;
    for (size_t k = 0; k < per_class.size(); ++k) {
      if (per_class[k] == 0) empty.push_back(absl::StrCat("'", classes()[k], "'"));
    }
    if (!empty.empty()) {
      Warn("class_without_images", absl::StrCat("no training image, so nothing to learn from, for ", absl::StrJoin(empty, ", ")), context_);
    }
    return absl::OkStatus();
  }

  // The network with its first weights: random, or another model's.
  absl::StatusOr<nn::SavedModel> InitialModel() const {
    const graph::Shape shape = {preprocessing_.height, preprocessing_.width, 3};
    SB_ASSIGN_OR_RETURN(graph::Graph graph,
                        graph::BuildArchitecture(arch(), {.input_shape = shape, .classes = static_cast<int64_t>(classes().size())}));
    SB_RETURN_IF_ERROR(train::LinearLayerOf(graph).status());
    nn::TensorMap weights;
    if (spec_.initial_model_dir.empty()) {
      weights = nn::InitializeWeights(graph, spec_.seed);
    } else {
      SB_ASSIGN_OR_RETURN(nn::SavedModel initial, nn::ReadModel(spec_.initial_model_dir));
      SB_RETURN_IF_ERROR(CheckInitialModel(initial, graph));
      weights = std::move(initial.weights);
    }
    return nn::SavedModel{.arch = arch(),
                          .graph = std::move(graph),
                          .preprocessing = preprocessing_,
                          .classes = classes(),
                          .weights = std::move(weights),
                          .mean_image = {},
                          .training = {}};
  }

  absl::Status CheckInitialModel(const nn::SavedModel& initial, const graph::Graph& graph) const {
    if (initial.classes != classes()) {
      return absl::InvalidArgumentError(absl::StrCat("the initial model was trained for other classes (",
                                                     absl::StrJoin(initial.classes, ", "), ") than dataset '", spec_.dataset, "' has (",
                                                     absl::StrJoin(classes(), ", "), ")"));
    }
    if (initial.graph.ToJson() != graph.ToJson()) {
      return absl::InvalidArgumentError(absl::StrCat("the initial model is a ", initial.arch, " for images of ",
                                                     graph::FormatShape(initial.graph.input_shape()), ", not a ", arch(), " for ",
                                                     graph::FormatShape(graph.input_shape())));
    }
    return absl::OkStatus();
  }

  void LogPlan(const nn::SavedModel& model) const {
    Log("plan",
        absl::StrCat(classes().size(), " classes, ", training_rows_.size(), " training and ", validation_rows_.size(),
                     " validation images; ", arch(), " with ", model.graph.parameter_count(), " parameters, ",
                     (training_rows_.size() + static_cast<size_t>(spec_.batch_size) - 1) / static_cast<size_t>(spec_.batch_size),
                     " batches an epoch, ", threads_, " threads, ", instruction_set()),
        context_);
  }

  // Decodes the images and trains `model`, whose mean image it sets.
  absl::StatusOr<train::TrainOutcome> Train(nn::SavedModel* model) {
    std::vector<uint32_t> rows = training_rows_;
    rows.insert(rows.end(), validation_rows_.begin(), validation_rows_.end());
    SB_ASSIGN_OR_RETURN(const std::unique_ptr<image::DecodedRows> decoded,
                        DecodeImages(dataset_, rows, preprocessing_, threads_, context_));
    const train::Examples training = ExamplesOf(*decoded, 0, training_rows_);
    const train::Examples validation = ExamplesOf(*decoded, training_rows_.size(), validation_rows_);
    train::LinearLearnerOptions options;
    SB_ASSIGN_OR_RETURN(options.optimizer, OptimizerFrom(spec_.optimizer));
    if (preprocessing_.center == image::Center::kMeanImage) {
      train::ThreadTeam team(threads_);
      model->mean_image = train::MeanImage(std::get<std::vector<const uint8_t*>>(training.rows), preprocessing_, &team);
    }
    options.pixels = {preprocessing_, model->mean_image};
    options.threads = threads_;
    const std::string isa = instruction_set();
    options.instruction_set = isa;
    SB_ASSIGN_OR_RETURN(const auto learner, train::MakeLinearLearner(model->graph, model->weights, training, validation, options));
    ContextObserver observer(Plan(), context_);
    absl::StatusOr<train::TrainOutcome> outcome = train::Train(TrainerOptionsFor(*model), learner.get(), &observer);
    if (outcome.status().code() == absl::StatusCode::kOutOfRange) {
      absl::Status diverged = outcome.status();
      diverged.SetPayload(kReasonPayload, absl::Cord("DIVERGED"));
      return diverged;
    }
    return outcome;
  }

  EpochPlan Plan() const {
    return {.epochs = spec_.epochs,
            .images = static_cast<int64_t>(training_rows_.size()),
            .val_images = static_cast<int64_t>(validation_rows_.size())};
  }

  train::Examples ExamplesOf(const image::DecodedRows& decoded, size_t first, const std::vector<uint32_t>& rows) const {
    train::Examples examples;
    auto& pixels = examples.rows.emplace<std::vector<const uint8_t*>>();
    for (size_t i = 0; i < rows.size(); ++i) {
      pixels.push_back(decoded.row(first + i).data());
      examples.labels.push_back(dataset_.manifest.rows[rows[i]].label);
    }
    return examples;
  }

  train::TrainerOptions TrainerOptionsFor(const nn::SavedModel& model) const {
    train::TrainerOptions options;
    options.epochs = spec_.epochs;
    options.batch_size = spec_.batch_size;
    options.seed = spec_.seed;
    options.shuffle = spec_.shuffle;
    options.lr = spec_.optimizer.lr;
    options.chance_loss = std::log(static_cast<double>(classes().size()));
    options.checkpoints = {context_.paths().checkpoint_dir, context_.attempt_epoch(), SpecDigest(model)};
    options.checkpoint_interval = spec_.checkpoint_interval;
    options.clock = &SystemClock();
    return options;
  }

  // Equal digests lead to equal weights: only then may one attempt go on from another's checkpoint.
  std::string SpecDigest(const nn::SavedModel& initial) const {
    const nlohmann::json identity = {{"manifest", dataset_.sha256},         {"training_rows", training_rows_},
                                     {"validation_rows", validation_rows_}, {"graph", initial.graph.ToJson()},
                                     {"weights", nn::ModelSha256(initial)}, {"recipe", RecipeJson(spec_, preprocessing_)},
                                     {"instruction_set", instruction_set()}};
    return Sha256Hex(identity.dump());
  }

  TrainingRecord RecordOf(const train::TrainOutcome& outcome, int epoch) const {
    TrainingRecord record;
    record.manifest_sha256 = dataset_.sha256;
    record.preprocessing = preprocessing_;
    record.training_images = static_cast<int64_t>(training_rows_.size());
    record.validation_images = static_cast<int64_t>(validation_rows_.size());
    record.profile = context_.profile();
    record.profile.instruction_set = instruction_set();
    record.profile.threads = threads_;
    record.epoch = epoch;
    record.best_epoch = outcome.best_epoch;
    record.history = outcome.history;
    return record;
  }

  absl::StatusOr<TrainResult> Publish(const train::TrainOutcome& outcome, nn::SavedModel model) const {
    const std::filesystem::path& folder = context_.paths().output_dir;
    const bool best = spec_.keep == Keep::kBest;
    const int epoch = best ? outcome.best_epoch : outcome.history.back().epoch;
    model.weights = *outcome.best_weights;
    SB_RETURN_IF_ERROR(nn::WriteModelWeights(folder / kBestWeightsName, model));
    if (!best) model.weights = *outcome.weights;
    model.training = TrainingJson(spec_, RecordOf(outcome, epoch));
    SB_RETURN_IF_ERROR(nn::WriteModel(folder, model));
    SB_RETURN_IF_ERROR(PublishArtifact("history.csv", "text/csv", HistoryCsv(outcome.history), context_));

    TrainResult result = ResultOf(model);
    result.metrics = MetricsFrom(outcome.history[static_cast<size_t>(epoch - 1)], Plan());
    result.best_epoch = outcome.best_epoch;
    for (const char* name : {nn::kModelJsonName, nn::kModelWeightsName, kBestWeightsName}) {
      result.bytes += static_cast<int64_t>(std::filesystem::file_size(folder / name));
    }
    return result;
  }

  // Leaves the best weights so far as artifacts.
  absl::Status Cancelled(const train::TrainOutcome& outcome, nn::SavedModel model) const {
    if (outcome.best_epoch == 0) return absl::CancelledError("training was cancelled before its first epoch was done");
    const std::filesystem::path folder = context_.paths().artifacts_dir / "best";
    model.weights = *outcome.best_weights;
    model.training = TrainingJson(spec_, RecordOf(outcome, outcome.best_epoch));
    SB_RETURN_IF_ERROR(CreateDirectories(folder));
    SB_RETURN_IF_ERROR(nn::WriteModel(folder, model));
    AnnounceArtifact(absl::StrCat("best/", nn::kModelJsonName), "application/json", context_);
    AnnounceArtifact(absl::StrCat("best/", nn::kModelWeightsName), "application/octet-stream", context_);
    return absl::CancelledError(absl::StrCat("training was cancelled after epoch ", outcome.history.back().epoch,
                                             "; the weights of the best epoch, ", outcome.best_epoch, ", are its artifact best/"));
  }

  const TrainSpec& spec_;
  TaskContext& context_;
  const int threads_;
  image::Preprocessing preprocessing_;
  LabelledDataset dataset_;
  std::vector<uint32_t> training_rows_;
  std::vector<uint32_t> validation_rows_;
};

}  // namespace

absl::StatusOr<TrainResult> RunTrain(const TrainSpec& spec, TaskContext& context) { return TrainTask(spec, context).Run(); }

}  // namespace seedbed::tasks
