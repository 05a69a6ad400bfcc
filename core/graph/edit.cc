#include "core/graph/edit.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "core/graph/layer_types.h"

namespace seedbed::graph {
namespace {

// So many names are listed when none is near.
constexpr size_t kMaxListed = 8;
constexpr std::string_view kSoftmax = "softmax";

std::vector<std::string> NamesOf(const Graph& graph) {
  std::vector<std::string> names;
  for (const ResolvedLayer& layer : graph.layers()) names.push_back(layer.layer.name);
  return names;
}

// "; did you mean 'block5_pool'?", or the last layers, which are what people cut at.
std::string Suggestion(const Graph& graph, std::string_view name) {
  std::vector<std::string> names = NamesOf(graph);
  if (std::string nearest = DidYouMean(name, names); !nearest.empty()) return nearest;
  if (names.size() <= kMaxListed) return absl::StrCat("; it has ", absl::StrJoin(names, ", "));
  names.erase(names.begin(), names.end() - kMaxListed);
  return absl::StrCat("; its last layers are ", absl::StrJoin(names, ", "));
}

size_t IndexOf(const Graph& graph, const ResolvedLayer& layer) { return static_cast<size_t>(&layer - graph.layers().data()); }

std::vector<Layer> LayersOf(const Graph& graph) {
  std::vector<Layer> layers;
  for (const ResolvedLayer& layer : graph.layers()) layers.push_back(layer.layer);
  return layers;
}

absl::StatusOr<Graph> CutAtIndex(const Graph& graph, size_t output) {
  std::vector<bool> needed(output + 1, false);
  needed[output] = true;
  for (size_t i = output + 1; i-- > 0;) {
    if (!needed[i]) continue;
    for (const size_t input : graph.layers()[i].inputs) needed[input] = true;
  }
  std::vector<Layer> layers;
  for (size_t i = 0; i <= output; ++i) {
    if (needed[i]) layers.push_back(graph.layers()[i].layer);
  }
  return Graph::Create(std::move(layers));
}

// The first layer after `cut` that takes from one before it, and which; nullopt when there is none.
struct Bypass {
  size_t from = 0;
  size_t to = 0;
};
std::optional<Bypass> FindBypass(const Graph& graph, size_t cut) {
  for (size_t i = cut + 1; i < graph.layers().size(); ++i) {
    for (const size_t input : graph.layers()[i].inputs) {
      if (input < cut) return Bypass{.from = input, .to = i};
    }
  }
  return std::nullopt;
}

// Whether `text` has the form of `pattern`, where * stands for any characters.
bool Matches(std::string_view text, std::string_view pattern) {
  size_t at = 0, next = 0;                                  // in the text, in the pattern
  size_t star = std::string_view::npos, after_star_at = 0;  // the last star, and where the text goes on behind what it stands for
  while (at < text.size()) {
    if (next < pattern.size() && pattern[next] == '*') {
      star = next++;
      after_star_at = at;
    } else if (next < pattern.size() && pattern[next] == text[at]) {
      ++next;
      ++at;
    } else if (star != std::string_view::npos) {
      next = star + 1;
      at = ++after_star_at;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', next) == std::string_view::npos;
}

bool IsHead(const ResolvedLayer& layer) { return layer.layer.name.starts_with(kHeadPrefix); }

absl::StatusOr<std::vector<bool>> LayersNamedBy(const Graph& graph, const std::string& pattern) {
  const std::vector<ResolvedLayer>& layers = graph.layers();
  std::vector<bool> named(layers.size(), pattern == "all");
  if (pattern == "all" || pattern == "none") return named;
  if (pattern == "head" && std::none_of(layers.begin(), layers.end(), IsHead)) {
    named[IndexOf(graph, LogitsLayer(graph))] = true;
    return named;
  }
  for (size_t i = 0; i < layers.size(); ++i) named[i] = pattern == "head" ? IsHead(layers[i]) : Matches(layers[i].layer.name, pattern);
  if (std::find(named.begin(), named.end(), true) != named.end()) return named;
  return absl::InvalidArgumentError(
      absl::StrCat("no layer is called '", pattern, "'", Suggestion(graph, pattern), " (or all, none, head, or a name with *)"));
}

// Numbers of classes in the place of "classes".
nlohmann::json WithClasses(const nlohmann::json& config, int64_t classes) {
  if (config == "classes") return classes;
  if (!config.is_structured()) return config;
  nlohmann::json filled = config;
  for (nlohmann::json& value : filled) value = WithClasses(value, classes);
  return filled;
}

absl::Status ItemError(const nlohmann::json& item, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the head's item ", item.dump(), " ", ToAbsl(what)));
}

// The types that a chain of layers may have.
std::vector<std::string> HeadTypes() {
  std::vector<std::string> names = LayerTypeNames();
  std::erase_if(names, [](const std::string& name) { return FindLayerType(name)->inputs != 1 || !FindLayerType(name)->in_heads; });
  return names;
}

// One item of a head; it has no name and no inputs yet.
absl::StatusOr<Layer> ParseItem(const nlohmann::json& item, int64_t classes) {
  const bool is_name = item.is_string();
  if (!is_name && !(item.is_object() && item.size() == 1)) return ItemError(item, "is neither a layer type nor {type: setting}");
  Layer layer{.name = "", .type = is_name ? item.get<std::string>() : item.begin().key(), .inputs = {}};
  const LayerType* type = FindLayerType(layer.type);
  const std::vector<std::string> known = HeadTypes();
  if (std::find(known.begin(), known.end(), layer.type) == known.end()) {
    return ItemError(
        item, absl::StrCat("is not known", DidYouMean(layer.type, known, absl::StrCat("; layers are ", absl::StrJoin(known, ", ")))));
  }
  if (is_name) return layer;
  const nlohmann::json value = WithClasses(item.begin().value(), classes);
  if (value.is_object()) {
    layer.config = value;
  } else if (type->main_setting.empty()) {
    return ItemError(item, "has a value, but the type has no settings");
  } else {
    layer.config[type->main_setting] = value;
  }
  return layer;
}

// head_<type>, or the first of head_<type>_1, head_<type>_2... that is free.
std::string NewName(const std::string& type, std::set<std::string>* taken) {
  const std::string base = absl::StrCat(ToAbsl(kHeadPrefix), type);
  std::string name = base;
  for (int i = 1; !taken->insert(name).second; ++i) name = absl::StrCat(base, "_", i);
  return name;
}

absl::Status CheckClasses(const Graph& graph, int64_t classes) {
  const ResolvedLayer& last = graph.layers().back();
  if (last.output_shape == Shape{classes}) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the head ends in layer '", last.layer.name, "' (", last.layer.type, ") with ",
                                                 FormatShape(last.output_shape), " values, but there are ", classes,
                                                 R"( classes; end it with {"dense": "classes"})"));
}

}  // namespace

absl::StatusOr<const ResolvedLayer*> FindLayer(const Graph& graph, std::string_view name) {
  if (const ResolvedLayer* found = graph.Find(name)) return found;
  return absl::InvalidArgumentError(absl::StrCat("the network has no layer '", ToAbsl(name), "'", Suggestion(graph, name)));
}

absl::StatusOr<Graph> CutAt(const Graph& graph, std::string_view layer) {
  SB_ASSIGN_OR_RETURN(const ResolvedLayer* output, FindLayer(graph, layer));
  return CutAtIndex(graph, IndexOf(graph, *output));
}

absl::StatusOr<Graph> InsertBehindInput(const Graph& graph, std::string_view name, std::string_view type) {
  std::vector<Layer> layers = LayersOf(graph);
  const std::string input = layers.front().name;
  for (Layer& layer : layers) std::replace(layer.inputs.begin(), layer.inputs.end(), input, std::string(name));
  layers.insert(layers.begin() + 1, {.name = std::string(name), .type = std::string(type), .inputs = {input}});
  return Graph::Create(std::move(layers));
}

absl::StatusOr<Graph> PopLayers(const Graph& graph, int64_t count) {
  const auto most = static_cast<int64_t>(graph.layers().size()) - 1;
  if (count < 1 || count > most) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot pop ", count, " layers: the network has ", most, " behind its input, of which 1 to all may go"));
  }
  return CutAtIndex(graph, static_cast<size_t>(most - count));
}

absl::StatusOr<Graph> AppendHead(const Graph& graph, const nlohmann::json& head, int64_t classes) {
  if (!head.is_array() || head.empty()) {
    return absl::InvalidArgumentError(R"(a head is a list of layers, such as ["flatten", {"dense": "classes"}])");
  }
  const ResolvedLayer& output = graph.layers().back();
  if (output.layer.type == kSoftmax) {
    return absl::InvalidArgumentError(absl::StrCat("the network ends in probabilities already (layer '", output.layer.name,
                                                   "'): cut or pop layers before giving it a head"));
  }
  std::vector<Layer> layers = LayersOf(graph);
  std::set<std::string> taken;
  for (const Layer& layer : layers) taken.insert(layer.name);
  const auto append = [&](Layer layer) {
    layer.name = NewName(layer.type, &taken);
    layer.inputs = {layers.back().name};
    layers.push_back(std::move(layer));
  };
  for (const nlohmann::json& item : head) {
    SB_ASSIGN_OR_RETURN(Layer layer, ParseItem(item, classes));
    append(std::move(layer));
  }
  SB_ASSIGN_OR_RETURN(Graph whole, Graph::Create(layers));
  SB_RETURN_IF_ERROR(CheckClasses(whole, classes));
  if (layers.back().type == kSoftmax) return whole;
  append({.name = "", .type = std::string(kSoftmax), .inputs = {}});
  return Graph::Create(std::move(layers));
}

absl::StatusOr<Graph> SetTrainable(const Graph& graph, std::span<const std::string> patterns) {
  std::vector<Layer> layers = LayersOf(graph);
  for (Layer& layer : layers) layer.trainable = false;
  for (const std::string& pattern : patterns) {
    SB_ASSIGN_OR_RETURN(const std::vector<bool> named, LayersNamedBy(graph, pattern));
    for (size_t i = 0; i < layers.size(); ++i) layers[i].trainable = layers[i].trainable || named[i];
  }
  return Graph::Create(std::move(layers));
}

const ResolvedLayer& FrozenPart(const Graph& graph) {
  const std::vector<ResolvedLayer>& layers = graph.layers();
  const auto active = std::find_if(layers.begin(), layers.end(), [](const ResolvedLayer& layer) { return layer.active_in_training(); });
  // The input is never active, and nothing comes before it that could be taken from.
  size_t cut = static_cast<size_t>(active - layers.begin()) - 1;
  while (FindBypass(graph, cut)) --cut;
  return layers[cut];
}

absl::StatusOr<Graph> TailAfter(const Graph& graph, std::string_view layer) {
  SB_ASSIGN_OR_RETURN(const ResolvedLayer* start, FindLayer(graph, layer));
  const size_t cut = IndexOf(graph, *start);
  const std::vector<ResolvedLayer>& all = graph.layers();
  if (const std::optional<Bypass> bypass = FindBypass(graph, cut)) {
    return absl::InvalidArgumentError(absl::StrCat("the network cannot be parted after layer '", start->layer.name, "': layer '",
                                                   all[bypass->to].layer.name, "' takes '", all[bypass->from].layer.name,
                                                   "' from before it"));
  }
  std::vector<Layer> layers = {{.name = start->layer.name, .type = "input", .config = {{"shape", start->output_shape}}, .inputs = {}}};
  for (size_t i = cut + 1; i < all.size(); ++i) layers.push_back(all[i].layer);
  return Graph::Create(std::move(layers));
}

}  // namespace seedbed::graph
