#include "core/tasks/model/train.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/cpu.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/nn/model_file.h"
#include "core/nn/network.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/augmentation.h"
#include "core/tasks/model/labelled_images.h"
#include "core/tasks/model/publish_model.h"
#include "core/tasks/model/train_inputs.h"
#include "core/tasks/model/train_network.h"
#include "core/tasks/model/train_recipe.h"
#include "core/tasks/model/train_record.h"
#include "core/tasks/model/train_report.h"
#include "core/train/linear_learner.h"
#include "core/train/torch_learner.h"
#include "core/train/trainer.h"

namespace seedbed::tasks {
namespace {

using train::EpochRecord;

constexpr char kBestWeightsName[] = "best.safetensors";
constexpr size_t kJudgedAtOnce = 256;

// Tells the task's context what the trainer says.
class ContextObserver : public train::TrainObserver {
 public:
  // `prepared`: rows of inputs that were made beforehand, at most.
  ContextObserver(EpochPlan plan, int64_t prepared, TaskContext& context) : plan_(plan), prepared_(prepared), context_(context) {}

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
  // Beyond what decoding the images and running the backbone on them have counted.
  void OnCheckpoint(int64_t mark) override { context_.Checkpointed(2 * prepared_ + mark); }

 private:
  const EpochPlan plan_;
  const int64_t prepared_;
  TaskContext& context_;
};

class TrainTask {
 public:
  TrainTask(const TrainSpec& spec, const Augmentation& augmentation, std::unique_ptr<TrainInputs> inputs, TrainNetwork network,
            TaskContext& context)
      : spec_(spec),
        augmentation_(augmentation),
        inputs_(std::move(inputs)),
        network_(std::move(network)),
        context_(context),
        threads_(ComputeThreads(spec.threads, context)) {}

  absl::StatusOr<TrainResult> Run() {
    SB_ASSIGN_OR_RETURN(const train::TrainOutcome outcome, Train());
    if (outcome.cancelled) return Cancelled(outcome);
    return Publish(outcome);
  }

 private:
  std::string instruction_set() const {
    const std::string& bound = context_.profile().instruction_set;
    return bound.empty() ? std::string(InstructionSet()) : bound;
  }

  std::string PlanText() const {
    const graph::Graph& graph = network_.model.graph;
    const size_t images = inputs_->training_labels().size(), batch = static_cast<size_t>(spec_.batch_size);
    const int64_t trained = graph.trainable_parameter_count();
    std::string text = absl::StrCat(inputs_->classes().size(), " classes, ", images, " training and ", inputs_->validation_labels().size(),
                                    " validation images; ", network_.model.arch, " with ", graph.parameter_count(), " parameters");
    if (trained < graph.parameter_count()) absl::StrAppend(&text, ", ", trained, " of them trainable");
    absl::StrAppend(&text, ", ", (images + batch - 1) / batch, " batches an epoch, ", threads_, " threads, ", instruction_set());
    if (!augmentation_.mixing().empty()) absl::StrAppend(&text, ", mixes batches: ", augmentation_.mixing().ToJson().dump());
    return text;
  }

  absl::StatusOr<train::TrainOutcome> Train() {
    SB_RETURN_IF_ERROR(augment::CheckMixing(augmentation_.mixing(), train::RowShapeOf(network_.tail.input_shape())));
    SB_ASSIGN_OR_RETURN(rows_, inputs_->MakeRows(PlanText(), threads_, &network_, context_));
    frozen_ = rows_.frozen;
    SB_ASSIGN_OR_RETURN(learner_, MakeLearner(rows_));
    const int64_t prepared = Plan().images * std::max(1, spec_.augment_views) + Plan().val_images;
    ContextObserver observer(Plan(), prepared, context_);
    absl::StatusOr<train::TrainOutcome> outcome = train::Train(TrainerOptionsFor(), learner_.get(), &observer);
    if (outcome.status().code() == absl::StatusCode::kOutOfRange) {
      absl::Status diverged = outcome.status();
      diverged.SetPayload(kReasonPayload, absl::Cord("DIVERGED"));
      return diverged;
    }
    return outcome;
  }

  // Of the network's tail: what a dense layer is all of has a learner of its own, which is faster. What `rows` lie in must outlive it.
  absl::StatusOr<std::unique_ptr<train::Learner>> MakeLearner(TrainRows rows) const {
    nn::TensorMap weights;
    for (const graph::Parameter& parameter : network_.tail.parameters()) {
      weights.emplace(parameter.name, network_.model.weights.at(parameter.name));
    }
    SB_ASSIGN_OR_RETURN(const train::OptimizerOptions optimizer, OptimizerFrom(spec_.optimizer));
    const std::string isa = instruction_set();
    if (IsLinear()) {
      const train::LinearLearnerOptions options{.optimizer = optimizer,
                                                .mixing = augmentation_.mixing(),
                                                .seed = spec_.seed,
                                                .pixels = std::move(rows.pixels),
                                                .threads = threads_,
                                                .instruction_set = isa};
      return train::MakeLinearLearner(network_.tail, weights, std::move(rows.training), std::move(rows.validation), options);
    }
    nn::SetComputeThreads(threads_);
    train::TorchLearnerOptions options;
    options.optimizer = optimizer;
    options.mixing = augmentation_.mixing();
    options.seed = spec_.seed;
    options.pixels = std::move(rows.pixels);
    options.instruction_set = isa;
    return train::MakeTorchLearner(network_.tail, weights, std::move(rows.training), std::move(rows.validation), options);
  }
  size_t RowValues() const { return static_cast<size_t>(graph::ElementsOf(network_.tail.input_shape())); }
  bool IsLinear() const { return train::LinearLayerOf(network_.tail).ok(); }

  EpochPlan Plan() const {
    return {.epochs = spec_.epochs,
            .images = static_cast<int64_t>(inputs_->training_labels().size()),
            .val_images = static_cast<int64_t>(inputs_->validation_labels().size())};
  }

  train::TrainerOptions TrainerOptionsFor() const {
    train::TrainerOptions options;
    options.epochs = spec_.epochs;
    options.batch_size = spec_.batch_size;
    options.seed = spec_.seed;
    options.shuffle = spec_.shuffle;
    options.lr = spec_.optimizer.lr;
    options.chance_loss = std::log(static_cast<double>(inputs_->classes().size()));
    options.checkpoints = {context_.paths().checkpoint_dir, context_.attempt_epoch(), SpecDigest()};
    options.checkpoint_interval = spec_.checkpoint_interval;
    options.clock = &SystemClock();
    return options;
  }

  // Equal digests lead to equal weights: only then may one attempt go on from another's checkpoint. A linear tail on pixels has the same
  // bits for any number of threads.
  std::string SpecDigest() const {
    nlohmann::json identity = {{"inputs", inputs_->Identity()},
                               {"graph", network_.model.graph.ToJson()},
                               {"weights", nn::ModelSha256(network_.model)},
                               {"recipe", RecipeJson(spec_, network_.model)},
                               {"instruction_set", instruction_set()}};
    if (frozen_) identity["frozen"] = {{"layer", frozen_->layer}, {"backend", frozen_->backend}, {"threads", frozen_->threads}};
    if (!IsLinear()) identity["threads"] = threads_;
    return Sha256Hex(identity.dump());
  }

  TrainingRecord RecordOf(const train::TrainOutcome& outcome, int epoch) const {
    TrainingRecord record;
    record.inputs = inputs_->Record();
    record.training_images = Plan().images;
    record.validation_images = Plan().val_images;
    record.backbone = network_.backbone;
    record.frozen = frozen_;
    record.profile = context_.profile();
    record.profile.instruction_set = instruction_set();
    record.profile.threads = threads_;
    record.epoch = epoch;
    record.best_epoch = outcome.best_epoch;
    record.history = outcome.history;
    return record;
  }

  void TakeWeights(const nn::TensorMap& trained) {
    for (const auto& [name, tensor] : trained) network_.model.weights.at(name) = tensor;
  }

  absl::StatusOr<TrainResult> Publish(const train::TrainOutcome& outcome) {
    const std::filesystem::path& folder = context_.paths().output_dir;
    const bool best = spec_.keep == Keep::kBest;
    const int epoch = best ? outcome.best_epoch : outcome.history.back().epoch;
    TakeWeights(*outcome.best_weights);
    SB_RETURN_IF_ERROR(nn::WriteModelWeights(folder / kBestWeightsName, network_.model));
    if (!best) TakeWeights(*outcome.weights);
    const TrainingRecord record = RecordOf(outcome, epoch);
    network_.model.training = TrainingJson(spec_, network_.model, record);
    SB_ASSIGN_OR_RETURN(TrainResult result, PublishModel(network_.model, context_));
    SB_RETURN_IF_ERROR(PublishArtifact("history.csv", "text/csv", HistoryCsv(outcome.history), context_));
    result.metrics = MetricsFrom(outcome.history[static_cast<size_t>(epoch - 1)], Plan());
    result.best_epoch = outcome.best_epoch;
    TellFrozenUse(&result);
    SB_ASSIGN_OR_RETURN(const std::optional<ValidationJudgement> validation, Judge(best ? *outcome.best_weights : *outcome.weights));
    const FinishedTraining finished{spec_, *inputs_, rows_, RowValues(), network_.model, result, record, validation};
    WarnUnlessLeft("tensorboard", PublishTensorBoard(finished, context_));
    WarnUnlessLeft("report", PublishTrainingReport(finished, context_));
    return result;
  }

  // What is only looked at must not cost a model that is finished.
  void WarnUnlessLeft(std::string_view what, const absl::Status& left) {
    if (left.ok()) return;
    Warn(absl::StrCat("no_", ToAbsl(what)), absl::StrCat("the training leaves no ", ToAbsl(what), ": ", left.message()), context_);
  }

  // What these weights make of the validation images, for the report: one more validation. Nothing without such images, or when the task is
  // to end: the model is there already.
  absl::StatusOr<std::optional<ValidationJudgement>> Judge(const nn::TensorMap& weights) {
    const std::vector<int32_t>& labels = inputs_->validation_labels();
    if (labels.empty()) return std::optional<ValidationJudgement>();
    SB_RETURN_IF_ERROR(learner_->Restore(weights, {}, 0));
    const std::vector<std::string> paths = inputs_->Paths(TrainInputs::Subset::kValidation);
    const size_t classes = inputs_->classes().size();
    ValidationJudgement judgement{.evaluation = evaluate::Evaluation(classes), .predictions = {}};
    std::vector<float> logits;
    for (size_t first = 0; first < labels.size(); first += kJudgedAtOnce) {
      if (context_.cancelled()) return std::optional<ValidationJudgement>();
      const size_t count = std::min(kJudgedAtOnce, labels.size() - first);
      logits.resize(count * classes);
      SB_RETURN_IF_ERROR(learner_->Predict(first, count, logits));
      for (size_t i = 0; i < count; ++i) {
        const size_t label = static_cast<size_t>(labels[first + i]);
        const evaluate::Judgement one = judgement.evaluation.Add(std::span(logits).subspan(i * classes, classes), label);
        judgement.predictions.push_back({paths[first + i], label, one});
      }
    }
    return std::optional(std::move(judgement));
  }

  void TellFrozenUse(TrainResult* result) const {
    if (!frozen_) return;
    const size_t images = inputs_->training_labels().size() + inputs_->validation_labels().size();
    const size_t rows = frozen_->cached ? frozen_->rows : images;
    const size_t computed = frozen_->backend.empty() ? 0 : frozen_->cached ? frozen_->computed : images;
    // What is augmented anew for each batch is not among the rows.
    const size_t anew = !augmentation_.empty() && frozen_->cached && spec_.augment_views == 0 ? inputs_->training_labels().size() : 0;
    result->frozen_layer = frozen_->layer;
    result->backbone_images = static_cast<int64_t>(computed + anew);
    result->cached_images = static_cast<int64_t>(rows - computed);
  }

  // Leaves the best weights so far as artifacts.
  absl::Status Cancelled(const train::TrainOutcome& outcome) {
    if (outcome.best_epoch == 0) return absl::CancelledError("training was cancelled before its first epoch was done");
    const std::filesystem::path folder = context_.paths().artifacts_dir / "best";
    TakeWeights(*outcome.best_weights);
    network_.model.training = TrainingJson(spec_, network_.model, RecordOf(outcome, outcome.best_epoch));
    SB_RETURN_IF_ERROR(CreateDirectories(folder));
    SB_RETURN_IF_ERROR(nn::WriteModel(folder, network_.model));
    AnnounceArtifact(absl::StrCat("best/", nn::kModelJsonName), "application/json", context_);
    AnnounceArtifact(absl::StrCat("best/", nn::kModelWeightsName), "application/octet-stream", context_);
    return absl::CancelledError(absl::StrCat("training was cancelled after epoch ", outcome.history.back().epoch,
                                             "; the weights of the best epoch, ", outcome.best_epoch, ", are its artifact best/"));
  }

  const TrainSpec& spec_;
  const Augmentation& augmentation_;
  const std::unique_ptr<const TrainInputs> inputs_;
  TrainNetwork network_;
  TaskContext& context_;
  const int threads_;
  std::optional<FrozenUse> frozen_;
  TrainRows rows_;
  std::unique_ptr<train::Learner> learner_;  // of rows_
};

}  // namespace

absl::StatusOr<TrainResult> RunTrain(const TrainSpec& spec, TaskContext& context) {
  SB_RETURN_IF_ERROR(CheckRecipe(spec));
  SB_ASSIGN_OR_RETURN(const Augmentation augmentation, Augmentation::Create(spec));
  TrainSpec written_out = spec;
  const nlohmann::json list = augmentation.json();
  written_out.augment = list.empty() ? "" : list.dump();
  SB_ASSIGN_OR_RETURN(std::unique_ptr<TrainInputs> inputs, TrainInputs::Open(written_out, context));
  SB_ASSIGN_OR_RETURN(TrainNetwork network, inputs->MakeNetwork());
  return TrainTask(written_out, augmentation, std::move(inputs), std::move(network), context).Run();
}

}  // namespace seedbed::tasks
