#include "core/graph/graph.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/graph/layer_types.h"

namespace seedbed::graph {
namespace {

bool IsLayerName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

absl::Status LayerError(const Layer& layer, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("layer '", layer.name, "' (", layer.type, "): ", ToAbsl(what)));
}

absl::StatusOr<ResolvedLayer> Resolve(Layer layer, const std::map<std::string, size_t>& index_of,
                                      const std::vector<ResolvedLayer>& earlier) {
  const LayerType* type = FindLayerType(layer.type);
  if (type == nullptr) {
    return LayerError(layer, absl::StrCat("there is no such layer type; known are ", absl::StrJoin(LayerTypeNames(), ", ")));
  }
  if (layer.inputs.size() != static_cast<size_t>(type->inputs)) {
    return LayerError(layer, absl::StrCat("takes ", type->inputs, " inputs, has ", layer.inputs.size()));
  }
  ResolvedLayer resolved{.layer = std::move(layer)};
  std::vector<Shape> input_shapes;
  for (const std::string& input : resolved.layer.inputs) {
    const auto found = index_of.find(input);
    if (found == index_of.end()) return LayerError(resolved.layer, absl::StrCat("its input '", input, "' is not an earlier layer"));
    resolved.inputs.push_back(found->second);
    input_shapes.push_back(earlier[found->second].output_shape);
  }
  if (absl::Status inferred = type->infer(input_shapes, &resolved); !inferred.ok()) {
    return LayerError(resolved.layer, std::string(inferred.message()));
  }
  return resolved;
}

absl::Status CheckEveryLayerIsUsed(const std::vector<ResolvedLayer>& layers) {
  std::vector<bool> used(layers.size(), false);
  used.back() = true;
  for (const ResolvedLayer& layer : layers) {
    for (const size_t input : layer.inputs) used[input] = true;
  }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused == used.end()) return absl::OkStatus();
  return LayerError(layers[static_cast<size_t>(unused - used.begin())].layer, "its output is not used by any layer");
}

absl::StatusOr<Layer> LayerFromJson(const nlohmann::json& json) {
  try {
    return Layer{.name = json.at("name").get<std::string>(),
                 .type = json.at("type").get<std::string>(),
                 .config = json.at("config"),
                 .inputs = json.at("inputs").get<std::vector<std::string>>(),
                 .trainable = json.at("trainable").get<bool>()};
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("not a layer description: ", error.what()));
  }
}

}  // namespace

std::string FormatShape(const Shape& shape) { return absl::StrJoin(shape, "x"); }

int64_t ElementsOf(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return count;
}

int64_t ResolvedLayer::parameter_count() const {
  int64_t count = 0;
  for (const Parameter& parameter : parameters) count += ElementsOf(parameter.shape);
  return count;
}

int64_t ResolvedLayer::trainable_parameter_count() const {
  int64_t count = 0;
  for (const Parameter& parameter : parameters) count += layer.trainable && !parameter.statistic ? ElementsOf(parameter.shape) : 0;
  return count;
}

absl::StatusOr<Graph> Graph::Create(std::vector<Layer> layers) {
  if (layers.empty() || layers.front().type != "input") return absl::InvalidArgumentError("a graph starts with a layer of type 'input'");
  std::vector<ResolvedLayer> resolved;
  std::map<std::string, size_t> index_of;
  for (Layer& layer : layers) {
    if (!IsLayerName(layer.name)) return LayerError(layer, "a name has letters, digits, '.', '_' and '-' only");
    if (layer.type == "input" && !resolved.empty()) return LayerError(layer, "only the first layer is an input");
    if (!index_of.emplace(layer.name, resolved.size()).second) return LayerError(layer, "the name is used twice");
    // Its own name is in the map already, but with an index that is not resolved yet: an input of that name is refused below.
    if (std::find(layer.inputs.begin(), layer.inputs.end(), layer.name) != layer.inputs.end()) return LayerError(layer, "is its own input");
    SB_ASSIGN_OR_RETURN(ResolvedLayer next, Resolve(std::move(layer), index_of, resolved));
    resolved.push_back(std::move(next));
  }
  SB_RETURN_IF_ERROR(CheckEveryLayerIsUsed(resolved));
  return Graph(std::move(resolved));
}

absl::StatusOr<Graph> Graph::FromJson(const nlohmann::json& json) {
  if (!json.is_array()) return absl::InvalidArgumentError("a graph is a list of layers");
  std::vector<Layer> layers;
  for (const nlohmann::json& item : json) {
    SB_ASSIGN_OR_RETURN(Layer layer, LayerFromJson(item));
    layers.push_back(std::move(layer));
  }
  return Create(std::move(layers));
}

nlohmann::json Graph::ToJson() const {
  nlohmann::json json = nlohmann::json::array();
  for (const ResolvedLayer& resolved : layers_) {
    const Layer& layer = resolved.layer;
    json.push_back(
        {{"name", layer.name}, {"type", layer.type}, {"config", layer.config}, {"inputs", layer.inputs}, {"trainable", layer.trainable}});
  }
  return json;
}

const ResolvedLayer* Graph::Find(std::string_view name) const {
  const auto found = std::find_if(layers_.begin(), layers_.end(), [&](const ResolvedLayer& layer) { return layer.layer.name == name; });
  return found == layers_.end() ? nullptr : &*found;
}

std::vector<Parameter> Graph::parameters() const {
  std::vector<Parameter> all;
  for (const ResolvedLayer& layer : layers_) all.insert(all.end(), layer.parameters.begin(), layer.parameters.end());
  return all;
}

int64_t Graph::parameter_count() const {
  int64_t count = 0;
  for (const ResolvedLayer& layer : layers_) count += layer.parameter_count();
  return count;
}

int64_t Graph::trainable_parameter_count() const {
  int64_t count = 0;
  for (const ResolvedLayer& layer : layers_) count += layer.trainable_parameter_count();
  return count;
}

std::vector<SummaryRow> Graph::Summary() const {
  std::vector<SummaryRow> rows;
  rows.reserve(layers_.size());
  for (const ResolvedLayer& layer : layers_) {
    rows.push_back({.name = layer.layer.name,
                    .type = FindLayerType(layer.layer.type)->keras_name,
                    .output_shape = layer.output_shape,
                    .parameters = layer.parameter_count(),
                    .trainable = layer.trainable()});
  }
  return rows;
}

const ResolvedLayer& LogitsLayer(const Graph& graph) {
  const ResolvedLayer& last = graph.layers().back();
  return last.layer.type == "softmax" ? graph.layers()[last.inputs[0]] : last;
}

}  // namespace seedbed::graph
