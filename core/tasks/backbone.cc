#include "core/tasks/backbone.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/graph/edit.h"

namespace seedbed::tasks {
namespace {

std::string_view LastLayer(const graph::Graph& graph) { return graph.layers().back().layer.name; }

std::vector<graph::Layer> LayersOf(const graph::Graph& graph) {
  std::vector<graph::Layer> layers;
  for (const graph::ResolvedLayer& layer : graph.layers()) layers.push_back(layer.layer);
  return layers;
}

}  // namespace

absl::Status CheckArchitecture(std::string_view arch, const nn::SavedModel& model, std::string_view who) {
  if (arch.empty() || arch == model.arch) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(who), " is a ", model.arch, ", not a ", ToAbsl(arch)));
}

absl::StatusOr<std::string> BackboneEnd(const nn::SavedModel& model) {
  const graph::Graph& graph = model.graph;
  if (model.classes.empty()) return std::string(LastLayer(graph));
  const auto& layers = graph.layers();
  const auto head =
      std::find_if(layers.begin(), layers.end(), [](const auto& layer) { return layer.layer.name.starts_with(graph::kHeadPrefix); });
  if (head != layers.end()) return head->layer.inputs.front();
  SB_ASSIGN_OR_RETURN(const graph::Graph without_top, graph::BuildArchitecture(model.arch, {.input_shape = graph.input_shape()}));
  if (graph.Find(LastLayer(without_top)) != nullptr) return std::string(LastLayer(without_top));
  return absl::InvalidArgumentError(
      absl::StrCat("the model has no layer '", ToAbsl(LastLayer(without_top)), "', where a ", model.arch, " ends before its classes"));
}

absl::Status Resize(const image::Preprocessing& preprocessing, nn::SavedModel* model) {
  const graph::Shape old_shape = model->graph.input_shape(), new_shape = {preprocessing.height, preprocessing.width, 3};
  model->preprocessing = preprocessing;
  if (old_shape == new_shape) return absl::OkStatus();
  const std::string from = graph::FormatShape(old_shape), to = graph::FormatShape(new_shape);
  if (!model->mean_image.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the mean image is for images of ", from, " only, not of ", to));
  }
  std::vector<graph::Layer> layers = LayersOf(model->graph);
  layers.front().config["shape"] = new_shape;
  auto resized = graph::Graph::Create(std::move(layers));
  if (!resized.ok()) return Annotate(resized.status(), absl::StrCat("images of ", to, " rather than ", from));
  const std::vector<graph::Parameter> before = model->graph.parameters(), after = resized->parameters();
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i].shape == after[i].shape) continue;
    return absl::InvalidArgumentError(absl::StrCat("the weights '", before[i].name, "' are for images of ", from, " only, not of ", to));
  }
  model->graph = *std::move(resized);
  return absl::OkStatus();
}

absl::StatusOr<graph::Graph> WithPooling(const graph::Graph& graph, std::string_view type) {
  std::vector<graph::Layer> layers = LayersOf(graph);
  layers.push_back({.name = absl::StrCat(ToAbsl(graph::kHeadPrefix), ToAbsl(type)),
                    .type = std::string(type),
                    .inputs = {std::string(LastLayer(graph))}});
  return graph::Graph::Create(std::move(layers));
}

bool ComputesAnything(const graph::Graph& graph) {
  return std::any_of(graph.layers().begin() + 1, graph.layers().end(),
                     [](const auto& layer) { return layer.layer.type != "flatten" && layer.layer.type != "dropout"; });
}

nn::TensorViews WeightsOf(const graph::Graph& graph, const nn::TensorMap& weights) {
  nn::TensorViews views;
  for (const graph::Parameter& parameter : graph.parameters()) {
    if (const auto found = weights.find(parameter.name); found != weights.end()) views.emplace(parameter.name, found->second.view());
  }
  return views;
}

}  // namespace seedbed::tasks
