#include <cmath>

#include "server/jobs/field_checks.h"
#include "server/jobs/model_specs.h"
#include "server/jobs/preprocessing_spec.h"
#include "server/jobs/steps_spec.h"

namespace seedbed::jobs {
namespace {

constexpr size_t kMaxHeadBytes = 64 << 10;
constexpr int kMaxPatterns = 1'000;
constexpr size_t kMaxPatternBytes = 256;
constexpr int kMaxViews = 1'000;

absl::Status CompleteSgd(v1::OptimizerSpec& spec) {
  if (spec.has_beta1() || spec.has_beta2() || spec.has_epsilon()) {
    return FieldError("spec.train.optimizer", "beta1, beta2 and epsilon are adam's; sgd has momentum and nesterov");
  }
  if (!spec.has_lr()) spec.set_lr(0.01);
  if (!spec.has_momentum()) spec.set_momentum(0);
  if (spec.momentum() >= 0 && spec.momentum() < 1) return absl::OkStatus();
  return FieldError("spec.train.optimizer.momentum", "must be at least 0 and below 1");
}

absl::Status CompleteAdam(v1::OptimizerSpec& spec) {
  if (spec.has_momentum() || spec.nesterov()) {
    return FieldError("spec.train.optimizer", "momentum and nesterov are sgd's; adam has beta1, beta2 and epsilon");
  }
  if (!spec.has_lr()) spec.set_lr(0.001);
  if (!spec.has_beta1()) spec.set_beta1(0.9);
  if (!spec.has_beta2()) spec.set_beta2(0.999);
  if (!spec.has_epsilon()) spec.set_epsilon(1e-7);
  if (!(spec.beta1() >= 0 && spec.beta1() < 1)) return FieldError("spec.train.optimizer.beta1", "must be at least 0 and below 1");
  if (!(spec.beta2() >= 0 && spec.beta2() < 1)) return FieldError("spec.train.optimizer.beta2", "must be at least 0 and below 1");
  if (spec.epsilon() > 0 && spec.epsilon() <= 1) return absl::OkStatus();
  return FieldError("spec.train.optimizer.epsilon", "must be over 0 and at most 1");
}

absl::Status CompleteOptimizer(v1::OptimizerSpec& spec) {
  spec.set_name(ValueOr<std::string>(spec.name(), "sgd"));
  if (spec.name() == "sgd") {
    SB_RETURN_IF_ERROR(CompleteSgd(spec));
  } else if (spec.name() == "adam") {
    SB_RETURN_IF_ERROR(CompleteAdam(spec));
  } else {
    return FieldError("spec.train.optimizer.name", absl::StrCat("is ", Quoted(spec.name()), ", it must be sgd or adam"));
  }
  if (std::isfinite(spec.lr()) && spec.lr() > 0) return absl::OkStatus();
  return FieldError("spec.train.optimizer.lr", absl::StrCat("is ", spec.lr(), ", it must be over 0"));
}

// What may stand in `head` and `trainable` by itself; whether it fits the network is seen when that is known.
absl::Status CheckHeadAndTrainable(const v1::TrainSpec& spec) {
  if (spec.head().ByteSizeLong() > kMaxHeadBytes) return FieldError("spec.train.head", absl::StrCat("is longer than ", kMaxHeadBytes));
  if (spec.has_head() && spec.head().values().empty()) {
    return FieldError("spec.train.head", "has no layer; leave it out for the architecture's own");
  }
  SB_RETURN_IF_ERROR(CheckRange("spec.train.trainable", spec.trainable_size(), 0, kMaxPatterns));
  for (const std::string& pattern : spec.trainable()) {
    if (pattern.empty()) return FieldError("spec.train.trainable", "has an empty entry");
    SB_RETURN_IF_ERROR(CheckLength("spec.train.trainable", pattern, kMaxPatternBytes));
  }
  return absl::OkStatus();
}

absl::Status CompleteAugmentation(v1::TrainSpec& spec) {
  SB_RETURN_IF_ERROR(CheckSteps("spec.train.augment", spec.augment()));
  if (spec.augment().values().empty()) spec.clear_augment();
  SB_RETURN_IF_ERROR(CheckRange("spec.train.augment_views", spec.augment_views(), 0, kMaxViews));
  if (spec.augment_views() == 0) return absl::OkStatus();
  if (!spec.has_augment()) return FieldError("spec.train.augment_views", "needs augment: it says how many views of an image that makes");
  if (!spec.has_feature_cache() || spec.feature_cache()) return absl::OkStatus();
  return FieldError("spec.train.augment_views", "needs feature_cache: it keeps what the frozen part makes of the views");
}

absl::Status CompleteFromFeatures(v1::TrainSpec& spec) {
  const auto refuse_unless = [](bool absent, std::string_view field) {
    return absent ? absl::OkStatus() : FieldError(field, "does not go with features: they say what images and network they are of");
  };
  SB_RETURN_IF_ERROR(CheckName("spec.train.features", "feature set", spec.features()));
  SB_RETURN_IF_ERROR(CheckOptionalName("spec.train.val_features", "feature set", spec.val_features()));
  SB_RETURN_IF_ERROR(refuse_unless(spec.dataset().empty(), "spec.train.dataset"));
  SB_RETURN_IF_ERROR(refuse_unless(spec.dataset_version() == 0, "spec.train.dataset_version"));
  SB_RETURN_IF_ERROR(refuse_unless(spec.split().empty(), "spec.train.split"));
  SB_RETURN_IF_ERROR(refuse_unless(spec.weights().empty(), "spec.train.weights"));
  SB_RETURN_IF_ERROR(refuse_unless(spec.initial_model().empty(), "spec.train.initial_model"));
  SB_RETURN_IF_ERROR(refuse_unless(spec.trainable().empty(), "spec.train.trainable"));
  SB_RETURN_IF_ERROR(refuse_unless(!spec.has_feature_cache(), "spec.train.feature_cache"));
  SB_RETURN_IF_ERROR(refuse_unless(!spec.has_preprocessing(), "spec.train.preprocessing"));
  if (spec.has_augment()) {
    return FieldError("spec.train.augment",
                      "does not go with features, which are fixed; train from the dataset with weights, augment and augment_views");
  }
  return spec.arch().empty() ? absl::OkStatus() : CheckArchitecture("spec.train.arch", spec.arch());
}

// The network begins with a model's layers: what it is, the model says.
absl::Status CompleteFromWeights(v1::TrainSpec& spec) {
  SB_RETURN_IF_ERROR(CheckModelReference("spec.train.weights", spec.weights()));
  if (!spec.initial_model().empty()) return FieldError("spec.train.initial_model", "does not go with weights: name one of the two");
  if (spec.trainable().empty()) spec.add_trainable("head");
  if (!spec.arch().empty()) SB_RETURN_IF_ERROR(CheckArchitecture("spec.train.arch", spec.arch()));
  return CheckPreprocessing("spec.train.preprocessing", spec.preprocessing());
}

absl::Status CompleteFromInitialModel(v1::TrainSpec& spec) {
  SB_RETURN_IF_ERROR(CheckModelReference("spec.train.initial_model", spec.initial_model()));
  if (spec.has_head()) return FieldError("spec.train.head", "does not go with initial_model, which has its own");
  if (!spec.arch().empty()) SB_RETURN_IF_ERROR(CheckArchitecture("spec.train.arch", spec.arch()));
  return CheckPreprocessing("spec.train.preprocessing", spec.preprocessing());
}

absl::Status CompleteFromArchitecture(v1::TrainSpec& spec) {
  if (spec.trainable().empty()) spec.add_trainable("all");
  SB_RETURN_IF_ERROR(CheckArchitecture("spec.train.arch", spec.arch()));
  const bool centred = spec.arch() == "logistic";
  return CompletePreprocessing("spec.train.preprocessing", spec.arch(), centred, *spec.mutable_preprocessing());
}

absl::Status CompleteFromImages(v1::TrainSpec& spec) {
  if (!spec.val_features().empty()) return FieldError("spec.train.val_features", "needs features to train from");
  if (!spec.has_feature_cache()) spec.set_feature_cache(true);
  SB_RETURN_IF_ERROR(CheckName("spec.train.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  SB_RETURN_IF_ERROR(CheckOptionalName("spec.train.split", "split", spec.split()));
  if (!spec.weights().empty()) return CompleteFromWeights(spec);
  return spec.initial_model().empty() ? CompleteFromArchitecture(spec) : CompleteFromInitialModel(spec);
}

}  // namespace

absl::Status CompleteTrain(v1::TrainSpec& spec) {
  spec.set_epochs(ValueOr(spec.epochs(), 10));
  spec.set_batch_size(ValueOr(spec.batch_size(), 32));
  spec.set_keep(ValueOr(spec.keep(), v1::KEEP_LAST));
  if (!spec.has_shuffle()) spec.set_shuffle(true);
  if (!spec.has_checkpoint_interval()) spec.mutable_checkpoint_interval()->set_seconds(30);
  SB_RETURN_IF_ERROR(CheckName("spec.train.model", "model", spec.model()));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.epochs", spec.epochs(), 1, 100'000));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.batch_size", spec.batch_size(), 1, 65'536));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.threads", spec.threads(), 0, 1024));
  if (!v1::Keep_IsValid(spec.keep())) return FieldError("spec.train.keep", "must be last or best");
  SB_RETURN_IF_ERROR(CheckDuration("spec.train.checkpoint_interval", spec.checkpoint_interval(), 1));
  SB_RETURN_IF_ERROR(CompleteOptimizer(*spec.mutable_optimizer()));
  SB_RETURN_IF_ERROR(CheckHeadAndTrainable(spec));
  SB_RETURN_IF_ERROR(CompleteAugmentation(spec));
  return spec.features().empty() ? CompleteFromImages(spec) : CompleteFromFeatures(spec);
}

}  // namespace seedbed::jobs
