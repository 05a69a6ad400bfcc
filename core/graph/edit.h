// Making one graph of another: taking a part, putting a head on, freezing. Nothing here changes its argument, and layers keep their names,
// so that weights stay theirs. Errors are INVALID_ARGUMENT; one about a name that does not exist suggests the nearest that does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "nlohmann/json.hpp"

namespace seedbed::graph {

// The layer behind the input that whitens images; most networks have none.
inline constexpr std::string_view kWhitening = "zca_whitening";
// The names of head layers start so.
inline constexpr std::string_view kHeadPrefix = "head_";

// The layer of the name, or the error that suggests another.
absl::StatusOr<const ResolvedLayer*> FindLayer(const Graph& graph, std::string_view name);

// The graph with a further layer behind its input, which all others then take for it.
absl::StatusOr<Graph> InsertBehindInput(const Graph& graph, std::string_view name, std::string_view type);

// The graph whose output is the layer's: it, and what it needs.
absl::StatusOr<Graph> CutAt(const Graph& graph, std::string_view layer);

// Without the last `count` layers, as `model.layers.pop()` in Keras: the one before them is the output, and what it does not need goes too.
absl::StatusOr<Graph> PopLayers(const Graph& graph, int64_t count);

// Puts the layers that `head` lists behind the graph's output, and a softmax behind them if they do not end in one. `head` is a JSON list;
// each item is one of
//   "flatten"                                   a type (layer_types.h) with its defaults
//   {"dense": 256}, {"dropout": 0.5}            a type with the setting it is mainly about
//   {"conv2d": {"filters": 16, "kernel": 3}}    a type with its config
// and "classes" stands for the number of classes wherever a number may. Layers are named head_<type>, the next of a type head_<type>_1. The
// last layer must have one value for each class. Refused for a graph that ends in a softmax already.
absl::StatusOr<Graph> AppendHead(const Graph& graph, const nlohmann::json& head, int64_t classes);

// The graph with the layers that the patterns name trainable, and all others frozen. A pattern is "all", "none", "head" (the layers named
// head_...; in a graph without any, the one that makes the logits), or the name of a layer, where * stands for any characters. One that no
// layer has is an error.
absl::StatusOr<Graph> SetTrainable(const Graph& graph, std::span<const std::string> patterns);

// The last layer up to which nothing is active in training (graph.h) and whose output is all that the layers after it take from before:
// what may run once and be kept. The input when nothing is frozen, the output when nothing is active.
const ResolvedLayer& FrozenPart(const Graph& graph);

// What comes after the layer: the graph whose input is the layer's output, and has its name. Refused when a later layer takes from another
// one before.
absl::StatusOr<Graph> TailAfter(const Graph& graph, std::string_view layer);

}  // namespace seedbed::graph
