#include "core/graph/backbone.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/graph/edit.h"

namespace seedbed::graph {
namespace {

const std::string& LastLayer(const Graph& graph) { return graph.layers().back().layer.name; }

}  // namespace

absl::StatusOr<std::string> BackboneEnd(const Graph& graph, std::string_view arch, bool has_classes) {
  if (!has_classes) return LastLayer(graph);
  const std::vector<ResolvedLayer>& layers = graph.layers();
  const auto head = std::find_if(layers.begin(), layers.end(), [](const auto& layer) { return layer.layer.name.starts_with(kHeadPrefix); });
  if (head != layers.end()) return head->layer.inputs.front();
  SB_ASSIGN_OR_RETURN(const Graph without_top, BuildArchitecture(arch, {.input_shape = graph.input_shape()}));
  if (graph.Find(LastLayer(without_top)) != nullptr) return LastLayer(without_top);
  return absl::InvalidArgumentError(
      absl::StrCat("it has no layer '", LastLayer(without_top), "', where a ", ToAbsl(arch), " ends before its classes"));
}

absl::StatusOr<Graph> ForImages(const Graph& graph, const Shape& image) {
  if (graph.input_shape() == image) return graph;
  std::vector<Layer> layers;
  for (const ResolvedLayer& layer : graph.layers()) layers.push_back(layer.layer);
  layers.front().config["shape"] = image;
  const std::string from = FormatShape(graph.input_shape()), to = FormatShape(image);
  absl::StatusOr<Graph> resized = Graph::Create(std::move(layers));
  if (!resized.ok()) return Annotate(resized.status(), absl::StrCat("images of ", to, " rather than ", from));
  const std::vector<Parameter> before = graph.parameters(), after = resized->parameters();
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i].shape == after[i].shape) continue;
    return absl::InvalidArgumentError(absl::StrCat("the weights '", before[i].name, "' are for images of ", from, " only, not of ", to));
  }
  return resized;
}

bool ComputesAnything(const Graph& graph) {
  return std::any_of(graph.layers().begin() + 1, graph.layers().end(),
                     [](const auto& layer) { return layer.layer.type != "flatten" && layer.layer.type != "dropout"; });
}

absl::StatusOr<nlohmann::json> HeadFor(std::string_view text, std::string_view arch, const Graph& backbone) {
  if (text.empty() && backbone.output_shape().size() == 1) return nlohmann::json::parse(R"([{"dense": "classes"}])");
  if (text.empty()) {
    SB_ASSIGN_OR_RETURN(const Architecture* architecture, FindArchitecture(arch));
    text = architecture->head;
  }
  nlohmann::json head = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (head.is_discarded()) return absl::InvalidArgumentError(absl::StrCat("the head is no JSON: ", ToAbsl(text)));
  return head;
}

}  // namespace seedbed::graph
