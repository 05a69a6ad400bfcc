// What of a network is to grow where a picture is made that excites it: the part beneath, and what follows it.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/graph.h"

namespace seedbed::graph {

// A layer, taken apart into what computes its values and what squashes them: a rectifier passes no gradient where it is 0, and a softmax
// none that is left of a hopeless class, but what comes before them has one.
struct Objective {
  Graph graph;                 // ends in the values before rectifier or softmax
  Activation activation = {};  // the layer's own
  bool softmax = false;

  int64_t channels() const { return graph.output_shape().back(); }  // filters of the layer, or classes
};

// The layer of the name. INVALID_ARGUMENT for an unknown layer, with the nearest name.
absl::StatusOr<Objective> ObjectiveOf(const Graph& graph, std::string_view layer);
// The classes: their logits, or with `softmax` their probabilities.
absl::StatusOr<Objective> ClassObjective(const Graph& graph, bool softmax);

// INVALID_ARGUMENT when the layer, which is named in the message, has no such filter.
absl::Status CheckFilter(const Objective& objective, std::string_view layer, int64_t filter);

}  // namespace seedbed::graph
