// Training from stored features: a head on the network that made them, which is published whole.
#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/features/feature_set.h"
#include "core/features/pool.h"
#include "core/graph/backbone.h"
#include "core/graph/edit.h"
#include "core/nn/backend.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/augmentation.h"
#include "core/tasks/model/backbone.h"
#include "core/tasks/model/feature_pictures.h"
#include "core/tasks/model/train_inputs.h"
#include "core/train/linear_learner.h"

namespace seedbed::tasks {
namespace {

constexpr size_t kBatch = 32;  // of what is computed from features

// A set's rows as they are, mapped.
absl::StatusOr<std::shared_ptr<features::FeatureRows>> MapRows(const features::FeatureSet& set, const TaskContext& context) {
  const auto go_on = [&context] { return !context.cancelled(); };
  SB_ASSIGN_OR_RETURN(features::FeatureRows rows, set.Map(context.paths().cache_dir, go_on));
  return std::make_shared<features::FeatureRows>(std::move(rows));
}

// What a head's frozen beginning makes of all rows, one row after the other.
absl::StatusOr<std::vector<float>> ComputeRows(const features::FeatureRows& rows, nn::Backend* backend, const TaskContext& context) {
  const size_t from = rows.size() == 0 ? 0 : rows.row(0).size(), to = backend->output_values();
  std::vector<float> result(rows.size() * to), input(kBatch * from), output(kBatch * to);
  for (size_t first = 0; first < rows.size(); first += kBatch) {
    if (context.cancelled()) return absl::CancelledError("training was cancelled before its first epoch was done");
    const size_t count = std::min(kBatch, rows.size() - first);
    std::fill(input.begin(), input.end(), 0.0f);
    for (size_t i = 0; i < count; ++i) std::ranges::copy(rows.row(first + i), input.begin() + static_cast<std::ptrdiff_t>(i * from));
    SB_RETURN_IF_ERROR(backend->Forward(input, kBatch, output));
    std::copy_n(output.begin(), count * to, result.begin() + static_cast<std::ptrdiff_t>(first * to));
  }
  return result;
}

train::Examples ExamplesOf(const features::FeatureRows& rows, const std::vector<int32_t>& labels) {
  std::vector<const float*> pointers;
  for (size_t i = 0; i < rows.size(); ++i) pointers.push_back(rows.row(i).data());
  return {.rows = std::move(pointers), .labels = labels};
}
train::Examples ExamplesOf(const std::vector<float>& rows, const std::vector<int32_t>& labels) {
  std::vector<const float*> pointers;
  for (size_t i = 0; i < labels.size(); ++i) pointers.push_back(&rows[i * (rows.size() / labels.size())]);
  return {.rows = std::move(pointers), .labels = labels};
}

std::string PoolingType(features::Pool pool) {
  switch (pool) {
    case features::Pool::kNone:
      return "";
    case features::Pool::kAverage:
      return "global_average_pool";
    case features::Pool::kMax:
      return "global_max_pool";
  }
  return "";
}

std::vector<int32_t> LabelsOf(const std::optional<features::FeatureSet>& set) { return set ? set->info().labels : std::vector<int32_t>(); }

class TrainFeatures : public TrainInputs {
 public:
  TrainFeatures(const TrainSpec& spec, features::FeatureSet training, std::optional<features::FeatureSet> validation,
                FeaturePictures pictures)
      : TrainInputs(training.info().classes, training.info().labels, LabelsOf(validation)),
        spec_(spec),
        training_(std::move(training)),
        validation_(std::move(validation)),
        pictures_(std::move(pictures)) {}

  nlohmann::json Identity() const override {
    nlohmann::json identity = {{"training", IdentityOf(training_)}};
    if (validation_) identity["validation"] = IdentityOf(*validation_);
    return identity;
  }
  nlohmann::json Record() const override {
    const features::FeatureSetInfo& info = training_.info();
    nlohmann::json record = {{"features", spec_.features}, {"dataset", info.dataset}, {"split", info.split}, {"subset", info.subset}};
    if (validation_) record["val_features"] = spec_.val_features;
    return record;
  }

  absl::StatusOr<std::vector<dataset::RejectedFile>> Rejected() const override {
    if (!HasPictures()) return std::vector<dataset::RejectedFile>();
    absl::StatusOr<std::vector<dataset::RejectedFile>> rejected = dataset::ReadRejected(spec_.dataset_dir);
    if (absl::IsNotFound(rejected.status())) return std::vector<dataset::RejectedFile>();  // the dataset was deleted in the meantime
    return rejected;
  }
  std::vector<std::string> Paths(Subset subset) const override {
    if (subset == Subset::kTraining) return training_.info().paths;
    return validation_ ? validation_->info().paths : std::vector<std::string>();
  }
  bool HasPictures() const override { return pictures_.dataset() != nullptr; }
  absl::StatusOr<std::vector<image::Image>> Pictures(Subset subset, std::span<const size_t> examples,
                                                     const image::Preprocessing& preprocessing, const TaskContext& context) const override {
    const features::FeatureSetInfo& set = subset == Subset::kTraining ? training_.info() : validation_->info();
    std::vector<uint32_t> rows;
    for (const size_t example : examples) {
      const std::optional<uint32_t> row = pictures_.ManifestRow(set, example);
      if (!row) {
        return absl::NotFoundError(absl::StrCat("image '", set.paths[example], "', of which there are features, is not in dataset ",
                                                training_.info().dataset, " as it was"));
      }
      rows.push_back(*row);
    }
    return ReadPictures(*pictures_.dataset(), rows, preprocessing, context);
  }

  absl::StatusOr<TrainNetwork> MakeNetwork() const override {
    const features::FeatureSetInfo& info = training_.info();
    return NetworkForFeatures(spec_,
                              {.features = spec_.features,
                               .model = info.model,
                               .weights_sha256 = info.weights_sha256,
                               .layer = info.layer,
                               .pooling = PoolingType(info.pool),
                               .preprocessing = info.preprocessing},
                              classes());
  }

  absl::StatusOr<TrainRows> MakeRows(const std::string& plan, int threads, TrainNetwork* network, TaskContext& context) const override {
    Log("plan", absl::StrCat(plan, "; on the features of '", network->frozen, "' in '", spec_.features, "'"), context);
    SB_ASSIGN_OR_RETURN(std::shared_ptr<features::FeatureRows> training, MapRows(training_, context));
    std::shared_ptr<features::FeatureRows> validation;
    if (validation_) {
      SB_ASSIGN_OR_RETURN(validation, MapRows(*validation_, context));
    }
    TrainRows result;
    result.frozen = FrozenUse{.layer = network->frozen, .backend = "", .threads = threads};
    SB_ASSIGN_OR_RETURN(const std::unique_ptr<nn::Backend> beginning, FrozenBeginning(threads, network));
    if (beginning == nullptr) {
      result.training = ExamplesOf(*training, training_labels());
      if (validation) result.validation = ExamplesOf(*validation, validation_labels());
      result.lie_in = {training, validation};
      return result;
    }
    result.frozen->layer = network->frozen;
    result.frozen->backend = std::string(beginning->name());
    SB_ASSIGN_OR_RETURN(std::vector<float> computed, ComputeRows(*training, beginning.get(), context));
    auto kept = std::make_shared<std::vector<float>>(std::move(computed));
    result.training = ExamplesOf(*kept, training_labels());
    result.lie_in.push_back(std::move(kept));
    if (!validation) return result;
    SB_ASSIGN_OR_RETURN(computed, ComputeRows(*validation, beginning.get(), context));
    kept = std::make_shared<std::vector<float>>(std::move(computed));
    result.validation = ExamplesOf(*kept, validation_labels());
    result.lie_in.push_back(std::move(kept));
    return result;
  }

 private:
  nlohmann::json IdentityOf(const features::FeatureSet& set) const {
    const features::FeatureSetInfo& info = set.info();
    return {{"info", features::FeatureSetInfoToJson(info)}, {"labels", info.labels}};
  }

  // What runs the layers of the head before the first that is trained, such as a pooling: those then belong to the frozen part too. Null
  // when there are none that compute.
  static absl::StatusOr<std::unique_ptr<nn::Backend>> FrozenBeginning(int threads, TrainNetwork* network) {
    const std::string last = graph::FrozenPart(network->tail).layer.name;
    SB_ASSIGN_OR_RETURN(const graph::Graph beginning, graph::CutAt(network->tail, last));
    if (!graph::ComputesAnything(beginning)) return nullptr;
    SB_ASSIGN_OR_RETURN(auto backend, nn::MakeBackend(beginning, WeightsOf(beginning, network->model.weights),
                                                      {.backend = "auto", .layer = "", .threads = threads}));
    SB_ASSIGN_OR_RETURN(network->tail, graph::TailAfter(network->tail, last));
    network->frozen = last;
    return backend;
  }

  const TrainSpec& spec_;
  const features::FeatureSet training_;
  const std::optional<features::FeatureSet> validation_;
  const FeaturePictures pictures_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TrainInputs>> OpenTrainFeatures(const TrainSpec& spec) {
  if (!spec.dataset.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset '", spec.dataset, "' and feature set '", spec.features, "' are given; leave one of them out"));
  }
  SB_ASSIGN_OR_RETURN(const Augmentation augmentation, Augmentation::Create(spec));
  if (!augmentation.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("augment has steps, but the features of '", spec.features,
                                                   "' are fixed; train from the dataset, with weights, augment and augment_views"));
  }
  SB_ASSIGN_OR_RETURN(features::FeatureSet training, features::FeatureSet::Open(spec.features_dir));
  if (training.size() == 0) return absl::InvalidArgumentError(absl::StrCat("feature set '", spec.features, "' is empty"));
  std::optional<features::FeatureSet> validation;
  if (!spec.val_features_dir.empty()) {
    SB_ASSIGN_OR_RETURN(validation, features::FeatureSet::Open(spec.val_features_dir));
    SB_RETURN_IF_ERROR(features::CheckSameFeatures(spec.features, training.info(), spec.val_features, validation->info()));
  }
  SB_ASSIGN_OR_RETURN(FeaturePictures pictures, FeaturePictures::Open(spec.dataset_dir));
  return std::make_unique<TrainFeatures>(spec, std::move(training), std::move(validation), std::move(pictures));
}

}  // namespace seedbed::tasks
