#include "core/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"
#include "core/train/checkpoint_writer.h"

namespace seedbed::train {
namespace {

constexpr size_t kValidationBatch = 256;
constexpr std::chrono::milliseconds kProgressInterval{100};
// A mean loss of so many times that of guessing is no beginner's bad luck.
constexpr double kUnstableFactor = 3;

double SecondsBetween(MonotonicTime from, MonotonicTime to) { return std::chrono::duration<double>(to - from).count(); }

class Trainer {
 public:
  Trainer(const TrainerOptions& options, Learner* learner, TrainObserver* observer)
      : options_(options),
        examples_(static_cast<int64_t>(learner->training_examples())),
        batches_((examples_ + options.batch_size - 1) / options.batch_size),
        learner_(learner),
        observer_(observer),
        writer_(options.checkpoints, [this](int64_t mark, const absl::Status& status) { OnWritten(mark, status); }) {}

  absl::StatusOr<TrainOutcome> Run() {
    SB_RETURN_IF_ERROR(Resume());
    bool cancelled = false;
    while (state_.epochs_done < options_.epochs && !cancelled) {
      StartClock();
      SB_RETURN_IF_ERROR(TrainEpoch(&cancelled));
      if (!cancelled) SB_RETURN_IF_ERROR(FinishEpoch(&cancelled));
    }
    if (cancelled) SaveCheckpoint(std::make_shared<nn::TensorMap>(learner_->weights()));
    writer_.Flush();
    return TrainOutcome{.cancelled = cancelled,
                        .history = state_.history,
                        .best_epoch = state_.best_epoch,
                        .weights = std::make_shared<nn::TensorMap>(learner_->weights()),
                        .best_weights = state_.best_weights};
  }

 private:
  absl::Status Resume() {
    SB_ASSIGN_OR_RETURN(LoadedCheckpoint loaded, LoadNewestCheckpoint(options_.checkpoints));
    for (const std::string& reason : loaded.skipped) {
      observer_->OnWarning("checkpoint_skipped", absl::StrCat("checkpoint skipped: ", reason));
    }
    if (!loaded.checkpoint) return absl::OkStatus();
    state_ = *std::move(loaded.checkpoint);
    SB_RETURN_IF_ERROR(learner_->Restore(*state_.weights, state_.optimizer, state_.step));
    state_.weights = nullptr;
    state_.optimizer.clear();
    for (const EpochRecord& record : state_.history) Announce(record);
    if (state_.epochs_done < options_.epochs) observer_->OnResume(state_.epochs_done + 1, state_.batches_done);
    return absl::OkStatus();
  }

  int epoch() const { return state_.epochs_done + 1; }
  int64_t images_done() const { return std::min(state_.batches_done * options_.batch_size, examples_); }

  // Seconds of the epoch, those before a resume included.
  double Seconds() const { return seconds_before_ + SecondsBetween(started_, options_.clock->Monotonic()); }
  void StartClock() {
    started_ = last_progress_ = last_checkpoint_ = options_.clock->Monotonic();
    seconds_before_ = state_.seconds;
  }

  std::vector<uint32_t> Order() const {
    const uint32_t count = static_cast<uint32_t>(examples_);
    if (options_.shuffle) {
      return RandomPermutation(count, RandomStream(options_.seed, RandomPurpose::kShuffle, static_cast<uint64_t>(epoch())));
    }
    std::vector<uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    return order;
  }

  absl::Status TrainEpoch(bool* cancelled) {
    const std::vector<uint32_t> order = Order();
    while (state_.batches_done < batches_) {
      *cancelled = observer_->Cancelled();
      if (*cancelled) return absl::OkStatus();
      const int64_t first = images_done();
      const size_t count = static_cast<size_t>(std::min<int64_t>(options_.batch_size, examples_ - first));
      const Batch batch{.examples = std::span(order).subspan(static_cast<size_t>(first), count),
                        .epoch = static_cast<uint32_t>(state_.epochs_done),
                        .index = static_cast<uint32_t>(state_.batches_done)};
      SB_ASSIGN_OR_RETURN(const BatchResult result, learner_->TrainBatch(batch));
      if (!std::isfinite(result.loss)) return Diverged(absl::StrCat("loss became ", result.loss), state_.batches_done + 1);
      state_.loss_sum += result.loss;
      state_.correct += result.correct;
      ++state_.batches_done;
      ++state_.step;
      AfterBatch();
    }
    return absl::OkStatus();
  }

  void AfterBatch() {
    const MonotonicTime now = options_.clock->Monotonic();
    if (now - last_progress_ >= kProgressInterval) {
      last_progress_ = now;
      observer_->OnProgress(epoch(), images_done(), examples_, static_cast<double>(images_done()) / Seconds());
    }
    // The one at the end of the epoch follows soon.
    if (now - last_checkpoint_ >= options_.checkpoint_interval && state_.batches_done < batches_) {
      last_checkpoint_ = now;
      SaveCheckpoint(std::make_shared<nn::TensorMap>(learner_->weights()));
    }
  }

  absl::Status FinishEpoch(bool* cancelled) {
    EpochRecord record;
    record.epoch = epoch();
    record.loss = state_.loss_sum / static_cast<double>(examples_);
    record.accuracy = static_cast<double>(state_.correct) / static_cast<double>(examples_);
    record.lr = options_.lr;
    record.images_per_second = static_cast<double>(examples_) / std::max(Seconds(), 1e-9);
    SB_RETURN_IF_ERROR(Validate(&record, cancelled));
    if (*cancelled) return absl::OkStatus();
    record.seconds = Seconds();

    auto weights = std::make_shared<const nn::TensorMap>(learner_->weights());
    for (const auto& [name, tensor] : *weights) {
      if (!nn::AllFinite(tensor.view())) return Diverged(absl::StrCat("weights in '", name, "' became infinite"), batches_);
    }
    if (state_.best_epoch == 0 || Better(record, state_.history[static_cast<size_t>(state_.best_epoch - 1)])) {
      state_.best_epoch = record.epoch;
      state_.best_weights = weights;
    }
    state_.history.push_back(record);
    ++state_.epochs_done;
    state_.batches_done = 0;
    state_.loss_sum = state_.seconds = seconds_before_ = 0;
    state_.correct = 0;
    started_ = options_.clock->Monotonic();
    // First the event, then the checkpoint: a crash between them repeats the epoch, and a crash after them repeats the event.
    Announce(record);
    SaveCheckpoint(std::move(weights));
    return absl::OkStatus();
  }

  absl::Status Validate(EpochRecord* record, bool* cancelled) {
    const size_t count = learner_->validation_examples();
    if (count == 0) return absl::OkStatus();
    BatchResult total;
    for (size_t first = 0; first < count; first += kValidationBatch) {
      *cancelled = observer_->Cancelled();
      if (*cancelled) return absl::OkStatus();
      SB_ASSIGN_OR_RETURN(const BatchResult result, learner_->EvaluateBatch(first, std::min(kValidationBatch, count - first)));
      total.loss += result.loss;
      total.correct += result.correct;
    }
    if (!std::isfinite(total.loss)) return Diverged(absl::StrCat("validation loss became ", total.loss), batches_);
    record->val_loss = total.loss / static_cast<double>(count);
    record->val_accuracy = static_cast<double>(total.correct) / static_cast<double>(count);
    return absl::OkStatus();
  }

  static bool Better(const EpochRecord& a, const EpochRecord& b) {
    return a.val_accuracy && b.val_accuracy ? *a.val_accuracy > *b.val_accuracy : a.loss < b.loss;
  }

  absl::Status Diverged(std::string_view what, int64_t batch) const {
    return absl::OutOfRangeError(
        absl::StrCat(ToAbsl(what), " in epoch ", epoch(), ", batch ", batch, "; try a smaller --lr or --center mean_image"));
  }

  void Announce(const EpochRecord& record) {
    observer_->OnEpoch(record);
    if (record.loss <= kUnstableFactor * options_.chance_loss || warned_) return;
    warned_ = true;
    observer_->OnWarning(
        "unstable_loss",
        absl::StrFormat("the mean loss of epoch %d is %.3g, far above the %.3g of guessing: training is unstable; try a smaller "
                        "--lr, or --center mean_image if the images are not centered",
                        record.epoch, record.loss, options_.chance_loss));
  }

  void SaveCheckpoint(std::shared_ptr<const nn::TensorMap> weights) {
    auto checkpoint = std::make_unique<Checkpoint>(state_);
    // Strictly growing: an epoch has one mark more than batches, for its end.
    checkpoint->mark = int64_t{state_.epochs_done} * (batches_ + 1) + state_.batches_done;
    checkpoint->seconds = Seconds();
    checkpoint->weights = std::move(weights);
    checkpoint->optimizer = learner_->optimizer_state();
    writer_.Submit(std::move(checkpoint));
  }

  void OnWritten(int64_t mark, const absl::Status& status) {
    if (status.ok()) return observer_->OnCheckpoint(mark);
    observer_->OnWarning("checkpoint_failed", absl::StrCat("training goes on, but its progress could not be saved: ", status.message()));
  }

  // Constant after construction.
  const TrainerOptions& options_;
  const int64_t examples_;
  const int64_t batches_;
  Learner* const learner_;
  TrainObserver* const observer_;

  // Without weights and optimizer: the learner has them.
  Checkpoint state_;
  double seconds_before_ = 0;
  MonotonicTime started_;
  MonotonicTime last_progress_;
  MonotonicTime last_checkpoint_;
  bool warned_ = false;

  CheckpointWriter writer_;  // last: its thread uses the others
};

}  // namespace

absl::StatusOr<TrainOutcome> Train(const TrainerOptions& options, Learner* learner, TrainObserver* observer) {
  return Trainer(options, learner, observer).Run();
}

}  // namespace seedbed::train
