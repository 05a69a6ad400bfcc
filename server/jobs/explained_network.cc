#include "server/jobs/explained_network.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/named_class.h"
#include "core/base/status_macros.h"
#include "core/graph/spatial_layers.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/networks.h"

namespace seedbed::jobs {
namespace {

absl::Status CheckClass(const v1::Attribution& attribution, const v1::Model& model) {
  if (model.classes().empty()) {
    return AtField("spec.explain.model",
                   absl::InvalidArgumentError(absl::StrCat("'", model.name(), "' is a network without classes: train a head on it first")));
  }
  if (attribution.class_name().empty()) return absl::OkStatus();
  const std::vector<std::string> classes(model.classes().begin(), model.classes().end());
  return AtField("spec.explain.attribution.class_name", FindClass(classes, attribution.class_name()).status());
}

absl::Status CheckAttribution(const v1::Attribution& attribution, const v1::Model& model, const graph::Graph& network) {
  SB_RETURN_IF_ERROR(CheckClass(attribution, model));
  const int side = std::min(model.preprocessing().width(), model.preprocessing().height());
  SB_RETURN_IF_ERROR(CheckRange("spec.explain.attribution.window", attribution.window(), 0, side));
  const int window = attribution.window() > 0 ? attribution.window() : std::max(1, side / 8);
  SB_RETURN_IF_ERROR(CheckRange("spec.explain.attribution.stride", attribution.stride(), 0, window));
  if (attribution.method() != v1::Attribution::METHOD_GRADCAM) return absl::OkStatus();
  if (graph::LastSpatialLayer(network) == nullptr) {
    return FieldError("spec.explain.attribution.method", absl::StrCat("is gradcam, but ", ToAbsl(graph::kNoSpatialLayer)));
  }
  return AtField("spec.explain.attribution.layer", graph::SpatialLayer(network, attribution.layer()).status());
}

absl::Status CheckActivations(const v1::ActivationSheet& sheet, const graph::Graph& network) {
  const absl::StatusOr<const graph::ResolvedLayer*> layer = graph::SpatialLayer(network, sheet.layer());
  if (!layer.ok()) return AtField("spec.explain.activations.layer", layer.status());
  for (const int channel : sheet.channels()) {
    SB_RETURN_IF_ERROR(CheckRange<int64_t>("spec.explain.activations.channels", channel, 0, (*layer)->output_shape.back() - 1));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckExplained(const v1::ExplainSpec& spec, const v1::Model& model) {
  SB_ASSIGN_OR_RETURN(const OptionalGraph network, StoredNetwork(model));
  if (!network) return absl::OkStatus();
  return spec.has_attribution() ? CheckAttribution(spec.attribution(), model, *network) : CheckActivations(spec.activations(), *network);
}

}  // namespace seedbed::jobs
