// Layers whose outputs are pictures of a kind: height, width, channels. People look at these.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"

namespace seedbed::graph {

// Why Grad-CAM cannot explain a network, and what can.
inline constexpr std::string_view kNoSpatialLayer =
    "the network has no layer with height and width; the methods saliency, smoothgrad, integrated_gradients and occlusion need none";

// Whether it computes something that has height and width: the input does not.
bool IsSpatial(const ResolvedLayer& layer);

// The last spatial layer that does more than pooling, which only makes maps coarser: VGG16's block5_conv3, not block5_pool. Null when there
// is none, as in a logistic regression.
const ResolvedLayer* LastSpatialLayer(const Graph& graph);

// The spatial layer of that name; empty: the last one. INVALID_ARGUMENT for a name that no layer has, with the nearest, for a layer without
// height and width, naming the last one that has them, and when there is none at all.
absl::StatusOr<const ResolvedLayer*> SpatialLayer(const Graph& graph, std::string_view name);

}  // namespace seedbed::graph
