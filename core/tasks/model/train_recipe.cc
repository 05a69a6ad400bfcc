#include "core/tasks/model/train_recipe.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::tasks {
namespace {

template <typename T>
absl::Status Check(bool good, std::string_view setting, const T& value, std::string_view allowed) {
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(setting), " is ", value, "; it must be ", ToAbsl(allowed)));
}

bool IsShare(double value) { return value >= 0 && value < 1; }
bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

absl::Status CheckOptimizer(const OptimizerSpec& spec) {
  SB_RETURN_IF_ERROR(Check(IsPositive(spec.lr), "lr", spec.lr, "a number above 0"));
  if (spec.name == "sgd") {
    SB_RETURN_IF_ERROR(Check(IsShare(spec.momentum), "momentum", spec.momentum, "from 0 to below 1"));
    return Check(!spec.nesterov || spec.momentum > 0, "nesterov", "on without momentum", "used with a momentum above 0");
  }
  SB_RETURN_IF_ERROR(Check(IsShare(spec.beta1), "beta1", spec.beta1, "from 0 to below 1"));
  SB_RETURN_IF_ERROR(Check(IsShare(spec.beta2), "beta2", spec.beta2, "from 0 to below 1"));
  return Check(IsPositive(spec.epsilon), "epsilon", spec.epsilon, "a number above 0");
}

nlohmann::json OptimizerJson(const OptimizerSpec& spec) {
  if (spec.name == "sgd") return {{"name", spec.name}, {"lr", spec.lr}, {"momentum", spec.momentum}, {"nesterov", spec.nesterov}};
  return {{"name", spec.name}, {"lr", spec.lr}, {"beta1", spec.beta1}, {"beta2", spec.beta2}, {"epsilon", spec.epsilon}};
}

}  // namespace

absl::Status CheckRecipe(const TrainSpec& spec) {
  SB_RETURN_IF_ERROR(OptimizerFrom(spec.optimizer).status());
  SB_RETURN_IF_ERROR(CheckOptimizer(spec.optimizer));
  SB_RETURN_IF_ERROR(Check(spec.epochs >= 1 && spec.epochs <= 100'000, "epochs", spec.epochs, "from 1 to 100,000"));
  SB_RETURN_IF_ERROR(Check(spec.batch_size >= 1 && spec.batch_size <= 65'536, "batch_size", spec.batch_size, "from 1 to 65,536"));
  return Check(spec.threads >= 0 && spec.threads <= 1'024, "threads", spec.threads, "from 0 to 1,024");
}

absl::StatusOr<train::OptimizerOptions> OptimizerFrom(const OptimizerSpec& spec) {
  train::OptimizerOptions options;
  if (spec.name == "sgd") {
    options.kind = train::OptimizerKind::kSgd;
  } else if (spec.name == "adam") {
    options.kind = train::OptimizerKind::kAdam;
  } else {
    return absl::InvalidArgumentError(absl::StrCat("there is no optimizer '", spec.name, "'; known are sgd, adam"));
  }
  options.lr = spec.lr;
  options.momentum = spec.momentum;
  options.nesterov = spec.nesterov;
  options.beta1 = spec.beta1;
  options.beta2 = spec.beta2;
  options.epsilon = spec.epsilon;
  return options;
}

nlohmann::json RecipeJson(const TrainSpec& spec, const nn::SavedModel& model) {
  nlohmann::json recipe = {{"arch", model.arch},
                           {"head", spec.head},
                           {"trainable", spec.trainable},
                           {"epochs", spec.epochs},
                           {"batch_size", spec.batch_size},
                           {"optimizer", OptimizerJson(spec.optimizer)},
                           {"preprocessing", image::PreprocessingToJson(model.preprocessing)},
                           {"seed", spec.seed},
                           {"shuffle", spec.shuffle},
                           {"keep", spec.keep == Keep::kBest ? "best" : "last"}};
  if (!spec.augment.empty()) {
    recipe["augment"] = nlohmann::json::parse(spec.augment);
    recipe["augment_views"] = spec.augment_views;
  }
  return recipe;
}

}  // namespace seedbed::tasks
