#include "core/tasks/model/train_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/tasks/model/publish_model.h"
#include "core/tasks/model/train_recipe.h"

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

nlohmann::json TrainingJson(const TrainSpec& spec, const nn::SavedModel& model, const TrainingRecord& record) {
  nlohmann::json history = nlohmann::json::array();
  for (const train::EpochRecord& epoch : record.history) history.push_back(train::ToJson(epoch));
  nlohmann::json json = record.inputs;
  json.update({{"training_images", record.training_images},
               {"validation_images", record.validation_images},
               {"recipe", RecipeJson(spec, model)},
               {"profile", ProfileJson(record.profile)},
               {"epoch", record.epoch},
               {"best_epoch", record.best_epoch},
               {"metrics", train::ToJson(record.history[static_cast<size_t>(record.epoch - 1)])},
               {"history", std::move(history)}});
  if (!record.backbone.model.empty()) {
    json["backbone"] = {
        {"model", record.backbone.model}, {"weights_sha256", record.backbone.weights_sha256}, {"layer", record.backbone.end}};
  }
  if (record.frozen) {
    json["frozen"] = {{"layer", record.frozen->layer},
                      {"backend", record.frozen->backend},
                      {"feature_cache", record.frozen->cached},
                      {"computed", record.frozen->computed}};
  }
  return json;
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

}  // namespace seedbed::tasks
