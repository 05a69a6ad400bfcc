#include "server/jobs/planning.h"

#include <optional>

#include "core/base/status_macros.h"
#include "core/graph/architectures.h"

namespace seedbed::jobs {
namespace {

constexpr int64_t kFloatBytes = 4;
constexpr int64_t kChannels = 3;

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

// Checkpoints hold weights and optimizer state (none for plain sgd, one more copy with momentum, two with adam), and the best weights
// besides; two are kept.
absl::Status AddSizes(const v1::TrainSpec& spec, int64_t images, int64_t classes, v1::Plan* plan) {
  const graph::Shape input{spec.preprocessing().height(), spec.preprocessing().width(), kChannels};
  SB_ASSIGN_OR_RETURN(const graph::Graph network, graph::BuildArchitecture(spec.arch(), {input, classes}));
  const int64_t pixel_values = graph::ElementsOf(input);
  const int64_t parameters = network.parameter_count();
  const int64_t copies = spec.optimizer().name() == "adam" ? 3 : spec.optimizer().momentum() > 0 ? 2 : 1;
  plan->set_parameters(parameters);
  plan->set_cache_bytes(images * pixel_values);
  plan->set_model_bytes(kFloatBytes * (parameters + pixel_values + 2 * parameters * (copies + 1)));
  return absl::OkStatus();
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
  plan->set_steps_per_epoch((plan->training_images() + spec.batch_size() - 1) / spec.batch_size());
  if (!dataset) return absl::OkStatus();
  return AddSizes(spec, plan->training_images() + plan->validation_images(), dataset->classes_size(), plan);
}

}  // namespace

absl::StatusOr<v1::Plan> MakePlan(const store::Reader& reader, const v1::JobSpec& spec, int64_t free_bytes) {
  v1::Plan plan;
  plan.set_free_bytes(free_bytes);
  *plan.mutable_effective_spec() = spec;
  if (spec.has_train()) SB_RETURN_IF_ERROR(AddTraining(reader, spec.train(), &plan));
  return plan;
}

}  // namespace seedbed::jobs
