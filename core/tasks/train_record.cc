#include "core/tasks/train_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/tasks/train_recipe.h"

namespace seedbed::tasks {

EpochMetrics MetricsFrom(const train::EpochRecord& record, const EpochPlan& plan) {
  return {.epoch = record.epoch,
          .epochs = plan.epochs,
          .loss = record.loss,
          .accuracy = record.accuracy,
          .val_loss = record.val_loss,
          .val_accuracy = record.val_accuracy,
          .lr = record.lr,
          .seconds = record.seconds,
          .images_per_second = record.images_per_second,
          .images = plan.images,
          .val_images = plan.val_images};
}

nlohmann::json TrainingJson(const TrainSpec& spec, const TrainingRecord& record) {
  nlohmann::json history = nlohmann::json::array();
  for (const train::EpochRecord& epoch : record.history) history.push_back(train::ToJson(epoch));
  return {{"dataset", spec.dataset},
          {"dataset_version", spec.dataset_version},
          {"manifest_sha256", record.manifest_sha256},
          {"split", spec.split},
          {"training_images", record.training_images},
          {"validation_images", record.validation_images},
          {"recipe", RecipeJson(spec, record.preprocessing)},
          {"profile",
           {{"device", record.profile.device},
            {"instruction_set", record.profile.instruction_set},
            {"precision", record.profile.precision},
            {"threads", record.profile.threads},
            {"version", record.profile.version}}},
          {"epoch", record.epoch},
          {"best_epoch", record.best_epoch},
          {"metrics", train::ToJson(record.history[static_cast<size_t>(record.epoch - 1)])},
          {"history", std::move(history)}};
}

std::string HistoryCsv(std::span<const train::EpochRecord> history) {
  const auto optional = [](const std::optional<double>& value) { return value ? absl::StrCat(*value) : std::string(); };
  std::string csv = "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second\n";
  for (const train::EpochRecord& record : history) {
    absl::StrAppend(&csv, record.epoch, ",", record.loss, ",", record.accuracy, ",", optional(record.val_loss), ",");
    absl::StrAppend(&csv, optional(record.val_accuracy), ",", record.lr, ",", record.seconds, ",", record.images_per_second, "\n");
  }
  return csv;
}

TrainResult ResultOf(const nn::SavedModel& model) {
  TrainResult result;
  result.arch = model.arch;
  result.preprocessing = model.preprocessing;
  result.classes = model.classes;
  result.parameters = model.graph.parameter_count();
  result.trainable_parameters = model.graph.trainable_parameter_count();
  result.weights_sha256 = nn::ModelSha256(model);
  for (graph::SummaryRow& row : model.graph.Summary()) {
    result.layers.push_back({std::move(row.name), std::move(row.type), std::move(row.output_shape), row.parameters, row.trainable});
  }
  return result;
}

}  // namespace seedbed::tasks
