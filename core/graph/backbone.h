// A network as the beginning of another one: where its features end, what images it takes, which head goes on it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "nlohmann/json.hpp"

namespace seedbed::graph {

// The layer where what makes classes out of features begins: before the head that a training added, else before the top that networks of
// the architecture have; the last layer of a network that has no classes. INVALID_ARGUMENT when nothing lies beneath the classes.
absl::StatusOr<std::string> BackboneEnd(const Graph& graph, std::string_view arch, bool has_classes);

// The same layers for images (height, width, channels) of another size. INVALID_ARGUMENT naming both sizes when a layer's weights fit only
// one, or nothing is left of an image.
absl::StatusOr<Graph> ForImages(const Graph& graph, const Shape& image);

// False when the output has the input's values: there is nothing but flattening, and dropouts, which pass everything in inference.
bool ComputesAnything(const Graph& graph);

// The head (edit.h) that `text` says as JSON; when it is empty, the architecture's, or what is left of that for a backbone whose output is
// a vector already. INVALID_ARGUMENT for what is no JSON.
absl::StatusOr<nlohmann::json> HeadFor(std::string_view text, std::string_view arch, const Graph& backbone);

}  // namespace seedbed::graph
