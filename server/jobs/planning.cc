#include "server/jobs/planning.h"

#include <algorithm>
#include <optional>

#include "core/base/status_macros.h"
#include "core/graph/backbone.h"
#include "core/graph/edit.h"
#include "server/jobs/job_names.h"
#include "server/jobs/networks.h"

namespace seedbed::jobs {
namespace {

constexpr int64_t kFloatBytes = 4;
constexpr int64_t kHalfBytes = 2;

// nullopt for what does not exist (yet).
template <typename T>
absl::StatusOr<std::optional<T>> IfFound(absl::StatusOr<T> found) {
  if (absl::IsNotFound(found.status())) return std::nullopt;
  if (!found.ok()) return found.status();
  return *std::move(found);
}

void AddSplit(const v1::Split& split, const std::optional<v1::Dataset>& dataset, v1::Plan* plan) {
  plan->mutable_split()->set_name(split.name());
  if (dataset) {
    for (const v1::ClassCount& one : dataset->classes()) plan->mutable_split()->add_classes(one.name());
  }
  for (const v1::Subset& subset : split.subsets()) {
    v1::Plan::SubsetCounts& counts = *plan->mutable_split()->add_subsets();
    counts.set_name(subset.name());
    counts.set_images(subset.images());
    *counts.mutable_per_class() = subset.per_class();
    if (subset.name() == "train") plan->set_training_images(subset.images());
    if (subset.name() == "validation") plan->set_validation_images(subset.images());
  }
}

// Checkpoints hold weights and optimizer state (none for plain sgd, one more copy with momentum, two with adam) of what learns, and the
// best weights besides; two are kept.
void AddSizes(const v1::TrainSpec& spec, const graph::Graph& network, v1::Plan* plan) {
  const int64_t trainable = network.trainable_parameter_count();
  const int64_t copies = spec.optimizer().name() == "adam" ? 3 : spec.optimizer().momentum() > 0 ? 2 : 1;
  const bool has_mean = spec.preprocessing().center() == v1::CENTER_MEAN_IMAGE;
  const int64_t mean_values = has_mean ? graph::ElementsOf(network.input_shape()) : 0;
  plan->set_parameters(plan->parameters() + network.parameter_count());
  plan->set_trainable_parameters(trainable);
  plan->set_model_bytes(kFloatBytes * (plan->parameters() + mean_values + 2 * trainable * (copies + 1)));
}

// The images' pixels, and what the frozen part makes of each, or of their augmented views.
absl::Status AddImages(const graph::Graph& network, const v1::TrainSpec& spec, v1::Plan* plan) {
  const int64_t training = plan->training_images(), validation = plan->validation_images();
  plan->set_cache_bytes((training + validation) * graph::ElementsOf(network.input_shape()));
  const graph::ResolvedLayer& frozen = graph::FrozenPart(network);
  SB_ASSIGN_OR_RETURN(const graph::Graph backbone, graph::CutAt(network, frozen.layer.name));
  if (!graph::ComputesAnything(backbone)) return absl::OkStatus();
  const int64_t views = std::max(1, spec.augment_views());
  const bool for_each_batch = spec.has_augment() && spec.augment_views() == 0;
  plan->set_frozen_layer(frozen.layer.name);
  plan->set_backbone_images(training * (for_each_batch ? spec.epochs() : views) + validation);
  plan->set_feature_bytes(kFloatBytes * (for_each_batch ? validation : training * views + validation) *
                          graph::ElementsOf(frozen.output_shape));
  plan->mutable_feature_shape()->Add(frozen.output_shape.begin(), frozen.output_shape.end());
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::Model>> ModelNamed(const store::Reader& reader, const std::string& text) {
  SB_ASSIGN_OR_RETURN(const ModelReference model, ParseModelReference(text));
  return IfFound(reader.GetModel(model.name, model.version));
}

void SetSteps(const v1::TrainSpec& spec, v1::Plan* plan) {
  plan->set_steps_per_epoch((plan->training_images() + spec.batch_size() - 1) / spec.batch_size());
}

// nullopt when the model that it starts from is still to be made.
absl::StatusOr<OptionalGraph> NetworkToTrain(const store::Reader& reader, const v1::TrainSpec& spec, int64_t classes) {
  const bool on_weights = !spec.weights().empty();
  if (!on_weights && spec.initial_model().empty()) return TrainedNetwork(spec, nullptr, classes);
  SB_ASSIGN_OR_RETURN(const auto model, ModelNamed(reader, on_weights ? spec.weights() : spec.initial_model()));
  if (!model) return OptionalGraph();
  return on_weights ? TrainedNetwork(spec, &*model, classes) : StoredNetwork(*model);
}

absl::Status AddTraining(const store::Reader& reader, const v1::TrainSpec& spec, v1::Plan* plan) {
  std::optional<v1::Split> split;
  if (!spec.split().empty()) {
    SB_ASSIGN_OR_RETURN(split, IfFound(reader.GetSplit(spec.dataset(), spec.split())));
  }
  const int version = split ? split->dataset_version() : spec.dataset_version();
  SB_ASSIGN_OR_RETURN(const auto dataset, IfFound(reader.GetDataset(spec.dataset(), version)));
  if (split) {
    AddSplit(*split, dataset, plan);
  } else if (dataset && spec.split().empty()) {
    plan->set_training_images(dataset->images());
  }
  SetSteps(spec, plan);
  if (!dataset) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const OptionalGraph network, NetworkToTrain(reader, spec, dataset->classes_size()));
  if (!network) return absl::OkStatus();
  AddSizes(spec, *network, plan);
  return AddImages(*network, spec, plan);
}

absl::Status AddTrainingFromFeatures(const store::Reader& reader, const v1::TrainSpec& spec, v1::Plan* plan) {
  SB_ASSIGN_OR_RETURN(const auto features, IfFound(reader.GetFeatures(spec.features())));
  SB_ASSIGN_OR_RETURN(const auto val_features, IfFound(reader.GetFeatures(spec.val_features())));
  if (!features) return absl::OkStatus();
  plan->set_training_images(features->rows());
  if (val_features) plan->set_validation_images(val_features->rows());
  SetSteps(spec, plan);
  *plan->mutable_feature_shape() = features->shape();
  SB_ASSIGN_OR_RETURN(const auto model, IfFound(reader.GetModel(features->model(), features->model_version())));
  SB_ASSIGN_OR_RETURN(const OptionalGraph network, model ? StoredNetwork(*model) : OptionalGraph());
  if (network) {
    SB_ASSIGN_OR_RETURN(const graph::Graph backbone, graph::CutAt(*network, features->layer()));
    plan->set_parameters(backbone.parameter_count());
  }
  SB_ASSIGN_OR_RETURN(const graph::Graph head, HeadOnFeatures(spec, *features));
  AddSizes(spec, head, plan);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ImagesToExtract(const store::Reader& reader, const v1::ExtractSpec& spec) {
  if (spec.split().empty()) {
    SB_ASSIGN_OR_RETURN(const auto dataset, IfFound(reader.GetDataset(spec.dataset(), spec.dataset_version())));
    return dataset ? dataset->images() : 0;
  }
  SB_ASSIGN_OR_RETURN(const auto split, IfFound(reader.GetSplit(spec.dataset(), spec.split())));
  int64_t images = 0;
  if (!split) return images;
  for (const v1::Subset& subset : split->subsets()) {
    if (spec.subset().empty() || spec.subset() == subset.name()) images += subset.images();
  }
  return images;
}

absl::Status AddExtraction(const store::Reader& reader, const v1::ExtractSpec& spec, v1::Plan* plan) {
  SB_ASSIGN_OR_RETURN(const int64_t images, ImagesToExtract(reader, spec));
  plan->set_backbone_images(images);
  SB_ASSIGN_OR_RETURN(const auto model, ModelNamed(reader, spec.model()));
  SB_ASSIGN_OR_RETURN(const OptionalGraph network, model ? ExtractedNetwork(spec, *model) : OptionalGraph());
  if (!network) return absl::OkStatus();
  const graph::Shape row = RowShape(network->output_shape(), spec.pool());
  const int64_t value_bytes = spec.dtype() == v1::FEATURE_TYPE_FLOAT32 ? kFloatBytes : kHalfBytes;
  plan->set_frozen_layer(network->layers().back().layer.name);
  plan->set_parameters(network->parameter_count());
  plan->set_cache_bytes(images * graph::ElementsOf(network->input_shape()));
  plan->set_feature_bytes(value_bytes * images * graph::ElementsOf(row));
  plan->mutable_feature_shape()->Add(row.begin(), row.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Plan> MakePlan(const store::Reader& reader, const v1::JobSpec& spec, int64_t free_bytes) {
  v1::Plan plan;
  plan.set_free_bytes(free_bytes);
  *plan.mutable_effective_spec() = spec;
  if (spec.has_train()) {
    const bool from_features = !spec.train().features().empty();
    SB_RETURN_IF_ERROR(from_features ? AddTrainingFromFeatures(reader, spec.train(), &plan) : AddTraining(reader, spec.train(), &plan));
  }
  if (spec.has_extract()) SB_RETURN_IF_ERROR(AddExtraction(reader, spec.extract(), &plan));
  return plan;
}

}  // namespace seedbed::jobs
