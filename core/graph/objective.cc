#include "core/graph/objective.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"

namespace seedbed::graph {
namespace {

// The graph whose last layer has no rectifier.
absl::StatusOr<Graph> WithoutActivation(const Graph& graph) {
  std::vector<Layer> layers;
  for (const ResolvedLayer& layer : graph.layers()) layers.push_back(layer.layer);
  layers.back().config.erase("activation");
  return Graph::Create(std::move(layers));
}

}  // namespace

absl::StatusOr<Objective> ObjectiveOf(const Graph& graph, std::string_view layer) {
  SB_ASSIGN_OR_RETURN(const ResolvedLayer* last, FindLayer(graph, layer));
  const std::string& type = last->layer.type;
  if (type == "relu" || type == "softmax") {
    SB_ASSIGN_OR_RETURN(Graph before, CutAt(graph, last->layer.inputs[0]));
    return Objective{.graph = std::move(before), .activation = last->settings.activation, .softmax = type == "softmax"};
  }
  SB_ASSIGN_OR_RETURN(const Graph part, CutAt(graph, layer));
  SB_ASSIGN_OR_RETURN(Graph linear, WithoutActivation(part));
  return Objective{.graph = std::move(linear), .activation = last->settings.activation};
}

absl::StatusOr<Objective> ClassObjective(const Graph& graph, bool softmax) {
  SB_ASSIGN_OR_RETURN(Objective objective, ObjectiveOf(graph, LogitsLayer(graph).layer.name));
  objective.softmax = softmax;
  return objective;
}

absl::Status CheckFilter(const Objective& objective, std::string_view layer, int64_t filter) {
  if (filter >= 0 && filter < objective.channels()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("layer '", ToAbsl(layer), "' has no filter ", filter, ": it has filters 0 to ", objective.channels() - 1));
}

}  // namespace seedbed::graph
