#include "core/tasks/model/backbone.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/backbone.h"
#include "core/graph/edit.h"

namespace seedbed::tasks {
namespace {

std::string_view LastLayer(const graph::Graph& graph) { return graph.layers().back().layer.name; }

}  // namespace

absl::Status CheckArchitecture(std::string_view arch, const nn::SavedModel& model, std::string_view who) {
  if (arch.empty() || arch == model.arch) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(who), " is a ", model.arch, ", not a ", ToAbsl(arch)));
}

absl::StatusOr<std::string> BackboneEnd(const nn::SavedModel& model) {
  return graph::BackboneEnd(model.graph, model.arch, !model.classes.empty());
}

absl::Status Resize(const image::Preprocessing& preprocessing, nn::SavedModel* model) {
  const graph::Shape old_shape = model->graph.input_shape(), new_shape = {preprocessing.height, preprocessing.width, 3};
  model->preprocessing = preprocessing;
  if (old_shape == new_shape) return absl::OkStatus();
  if (!model->mean_image.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the mean image is for images of ", graph::FormatShape(old_shape), " only, not of ", graph::FormatShape(new_shape)));
  }
  SB_ASSIGN_OR_RETURN(model->graph, graph::ForImages(model->graph, new_shape));
  return absl::OkStatus();
}

absl::StatusOr<graph::Graph> WithPooling(const graph::Graph& graph, std::string_view type) {
  std::vector<graph::Layer> layers;
  for (const graph::ResolvedLayer& layer : graph.layers()) layers.push_back(layer.layer);
  layers.push_back({.name = absl::StrCat(ToAbsl(graph::kHeadPrefix), ToAbsl(type)),
                    .type = std::string(type),
                    .inputs = {std::string(LastLayer(graph))}});
  return graph::Graph::Create(std::move(layers));
}

nn::TensorViews WeightsOf(const graph::Graph& graph, const nn::TensorMap& weights) {
  nn::TensorViews views;
  for (const graph::Parameter& parameter : graph.parameters()) {
    if (const auto found = weights.find(parameter.name); found != weights.end()) views.emplace(parameter.name, found->second.view());
  }
  return views;
}

}  // namespace seedbed::tasks
