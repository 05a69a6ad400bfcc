#include "server/jobs/network_summary.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/graph/backbone.h"
#include "core/graph/edit.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/job_names.h"
#include "server/jobs/model_specs.h"
#include "server/jobs/networks.h"

namespace seedbed::jobs {
namespace {

constexpr int kDefaultClasses = 1000;  // of ImageNet, which published weights are trained on
constexpr int kMaxClasses = 100'000;
constexpr int64_t kChannels = 3;

// The training of which it is asked, with its defaults.
absl::StatusOr<v1::TrainSpec> Completed(const v1::SummarizeNetworkRequest& request) {
  if (request.train().arch().empty() && request.train().weights().empty()) {
    return FieldError("spec.train.arch", "is missing, and weights as well");
  }
  v1::TrainSpec spec;
  spec.set_arch(request.train().arch());
  spec.set_weights(request.train().weights());
  if (request.train().has_head()) *spec.mutable_head() = request.train().head();
  *spec.mutable_trainable() = request.train().trainable();
  *spec.mutable_preprocessing() = request.train().preprocessing();
  // A training needs names of what it takes and makes; nobody looks for them here.
  spec.set_dataset("summary");
  spec.set_model("summary");
  SB_RETURN_IF_ERROR(CompleteTrain(spec));
  return spec;
}

absl::StatusOr<graph::Graph> WithoutTop(const v1::TrainSpec& spec) {
  if (!spec.weights().empty()) return FieldError("without_top", "does not go with weights");
  if (spec.has_head()) return FieldError("without_top", "does not go with a head");
  const graph::Shape image{spec.preprocessing().height(), spec.preprocessing().width(), kChannels};
  const absl::StatusOr<graph::Graph> network = graph::BuildArchitecture(spec.arch(), {.input_shape = image});
  if (!network.ok()) return AtField("spec.train.preprocessing", network.status());
  const std::vector<std::string> trainable(spec.trainable().begin(), spec.trainable().end());
  absl::StatusOr<graph::Graph> marked = graph::SetTrainable(*network, trainable);
  if (!marked.ok()) return AtField("spec.train.trainable", marked.status());
  return marked;
}

absl::StatusOr<graph::Graph> WithTop(const store::Store& store, const v1::TrainSpec& spec, int64_t classes) {
  std::optional<v1::Model> weights;
  if (!spec.weights().empty()) {
    SB_ASSIGN_OR_RETURN(const ModelReference reference, ParseModelReference(spec.weights()));
    absl::StatusOr<v1::Model> found = store.GetModel(reference.name, reference.version);
    if (!found.ok()) return AtField("spec.train.weights", found.status());
    SB_RETURN_IF_ERROR(CheckSameArchitecture("spec.train.arch", spec.arch(), found->arch(), found->name()));
    weights = *std::move(found);
  }
  SB_ASSIGN_OR_RETURN(OptionalGraph network, TrainedNetwork(spec, weights ? &*weights : nullptr, classes));
  if (network) return *std::move(network);
  return AtField("spec.train.weights",
                 absl::FailedPreconditionError(absl::StrCat("the record of model '", weights->name(), "' has no network")));
}

absl::Status Describe(const graph::Graph& network, v1::SummarizeNetworkResponse* response) {
  for (const graph::SummaryRow& row : network.Summary()) {
    v1::LayerSummary& layer = *response->add_layers();
    layer.set_name(row.name);
    layer.set_type(row.type);
    layer.mutable_output_shape()->Assign(row.output_shape.begin(), row.output_shape.end());
    layer.set_parameters(row.parameters);
    layer.set_trainable(row.trainable);
  }
  response->set_parameters(network.parameter_count());
  response->set_trainable_parameters(network.trainable_parameter_count());
  response->mutable_input_shape()->Assign(network.input_shape().begin(), network.input_shape().end());
  const graph::ResolvedLayer& frozen = graph::FrozenPart(network);
  SB_ASSIGN_OR_RETURN(const graph::Graph backbone, graph::CutAt(network, frozen.layer.name));
  if (!graph::ComputesAnything(backbone)) return absl::OkStatus();
  response->set_frozen_layer(frozen.layer.name);
  response->mutable_frozen_shape()->Assign(frozen.output_shape.begin(), frozen.output_shape.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::SummarizeNetworkResponse> SummarizeNetwork(const store::Store& store, const v1::SummarizeNetworkRequest& request) {
  const int classes = request.classes() == 0 ? kDefaultClasses : request.classes();
  SB_RETURN_IF_ERROR(CheckRange("classes", classes, 1, kMaxClasses));
  SB_ASSIGN_OR_RETURN(const v1::TrainSpec spec, Completed(request));
  SB_ASSIGN_OR_RETURN(const graph::Graph network, request.without_top() ? WithoutTop(spec) : WithTop(store, spec, classes));
  v1::SummarizeNetworkResponse response;
  SB_RETURN_IF_ERROR(Describe(network, &response));
  return response;
}

}  // namespace seedbed::jobs
