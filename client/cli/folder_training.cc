#include "client/cli/folder_training.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "client/cli/exit_code.h"
#include "client/lib/upload.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kFloatBytes = 4;

int64_t ElementsOf(const google::protobuf::RepeatedField<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

v1::JobSpec IndexJob(const FolderPlan& plan) {
  v1::JobSpec spec;
  spec.mutable_index()->set_dataset(plan.dataset);
  spec.mutable_index()->set_root(plan.root);
  return spec;
}

v1::JobSpec SplitJob(const FolderPlan& plan) {
  v1::JobSpec spec;
  spec.mutable_split()->set_dataset(plan.dataset);
  spec.mutable_split()->set_dataset_version(plan.version);
  spec.mutable_split()->set_name(plan.split);
  spec.mutable_split()->set_fraction(kFolderFraction);
  return spec;
}

int64_t ValidationImages(int64_t images) {
  return std::min(images, std::max<int64_t>(1, std::llround(kFolderFraction * static_cast<double>(images))));
}

}  // namespace

absl::StatusOr<FolderPlan> PlanFolder(client::Client& client, const std::string& root, const std::string& dataset,
                                      const std::string& split) {
  FolderPlan plan;
  plan.root = root;
  plan.dataset = dataset.empty() ? ToResourceName(fs::path(root).filename().string()) : dataset;
  plan.split = split.empty() ? "default" : split;
  const absl::StatusOr<v1::GetDatasetResponse> existing = client.GetDataset(plan.dataset);
  if (absl::IsNotFound(existing.status())) {
    plan.index_job = IndexJob(plan);
    plan.split_job = SplitJob(plan);
    return plan;
  }
  SB_RETURN_IF_ERROR(existing.status());
  if (existing->dataset().root() != root) {
    const std::string other = existing->dataset().root().empty() ? "an upload" : existing->dataset().root();
    return WithHint(absl::AlreadyExistsError(absl::StrCat("dataset ", plan.dataset, " is that of ", other, ", not of ", root)),
                    "give the new one a name: --dataset NAME");
  }
  plan.version = existing->dataset().version();
  plan.classes.assign(existing->dataset().classes().begin(), existing->dataset().classes().end());
  const auto of_name = [&](const v1::Split& candidate) { return candidate.name() == plan.split; };
  const auto taken = std::find_if(existing->splits().begin(), existing->splits().end(), of_name);
  if (taken != existing->splits().end() && taken->dataset_version() == plan.version) return plan;
  if (taken != existing->splits().end()) absl::StrAppend(&plan.split, "-v", plan.version);
  if (std::none_of(existing->splits().begin(), existing->splits().end(), of_name)) plan.split_job = SplitJob(plan);
  return plan;
}

absl::StatusOr<std::vector<v1::ClassCount>> CountImages(const std::string& root) {
  std::vector<v1::ClassCount> classes;
  std::error_code error;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code unknown;
    if (name.starts_with('.') || !it->is_directory(unknown)) continue;
    v1::ClassCount& count = classes.emplace_back();
    count.set_name(name);
    for (const auto& file : fs::recursive_directory_iterator(it->path(), fs::directory_options::skip_permission_denied, unknown)) {
      std::error_code ignored;
      if (client::HasImageSuffix(file.path()) && file.is_regular_file(ignored)) count.set_images(count.images() + 1);
    }
  }
  if (error) return ErrnoStatus(error.value(), "list", root);
  if (classes.empty()) return absl::NotFoundError(absl::StrCat("no class folders in ", root, ": expected ", root, "/<class>/<image>"));
  std::sort(classes.begin(), classes.end(), [](const v1::ClassCount& a, const v1::ClassCount& b) { return a.name() < b.name(); });
  return classes;
}

v1::Plan EstimatePlan(const std::vector<v1::ClassCount>& classes, const FolderPlan& folder, v1::JobSpec spec,
                      const v1::SummarizeNetworkResponse& network, int64_t free_bytes) {
  v1::Plan plan;
  plan.mutable_split()->set_name(folder.split);
  v1::Plan::SubsetCounts* train = plan.mutable_split()->add_subsets();
  v1::Plan::SubsetCounts* validation = plan.mutable_split()->add_subsets();
  train->set_name("train");
  validation->set_name("validation");
  for (const v1::ClassCount& count : classes) {
    const int64_t held_out = ValidationImages(count.images());
    plan.mutable_split()->add_classes(count.name());
    validation->add_per_class(held_out);
    train->add_per_class(count.images() - held_out);
    validation->set_images(validation->images() + held_out);
    train->set_images(train->images() + count.images() - held_out);
  }
  plan.set_training_images(train->images());
  plan.set_validation_images(validation->images());
  const int64_t batch_size = std::max(spec.train().batch_size(), 1);
  plan.set_steps_per_epoch((train->images() + batch_size - 1) / batch_size);
  const int64_t images = train->images() + validation->images();
  const int64_t pixel_values = ElementsOf(network.input_shape());
  plan.set_cache_bytes(images * pixel_values);
  plan.set_parameters(network.parameters());
  plan.set_trainable_parameters(network.trainable_parameters());
  // Model, best weights and a checkpoint; the two last hold what is trained only.
  plan.set_model_bytes(kFloatBytes * (network.parameters() + 2 * network.trainable_parameters() + pixel_values));
  if (!network.frozen_layer().empty()) {
    plan.set_frozen_layer(network.frozen_layer());
    const int64_t views = std::max(1, spec.train().augment_views());
    const bool for_each_batch = spec.train().has_augment() && spec.train().augment_views() == 0;
    plan.set_backbone_images(train->images() * (for_each_batch ? spec.train().epochs() : views) + validation->images());
    const int64_t kept = for_each_batch ? validation->images() : train->images() * views + validation->images();
    *plan.mutable_feature_shape() = network.frozen_shape();
    plan.set_feature_bytes(kFloatBytes * kept * ElementsOf(network.frozen_shape()));
  }
  plan.set_free_bytes(free_bytes);
  *plan.mutable_effective_spec() = std::move(spec);
  return plan;
}

}  // namespace seedbed::cli
