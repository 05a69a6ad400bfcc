#include "core/graph/spatial_layers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"

namespace seedbed::graph {
namespace {

constexpr size_t kImageRank = 3;

bool Pools(const ResolvedLayer& layer) { return layer.layer.type == "max_pool" || layer.layer.type == "average_pool"; }

// Gives the picture itself in other numbers, and nothing that was seen in it.
bool Whitens(const ResolvedLayer& layer) { return layer.layer.type == "whiten"; }

}  // namespace

bool IsSpatial(const ResolvedLayer& layer) { return layer.layer.type != "input" && layer.output_shape.size() == kImageRank; }

const ResolvedLayer* LastSpatialLayer(const Graph& graph) {
  const auto& layers = graph.layers();
  const auto found = std::find_if(layers.rbegin(), layers.rend(),
                                  [](const ResolvedLayer& layer) { return IsSpatial(layer) && !Pools(layer) && !Whitens(layer); });
  return found == layers.rend() ? nullptr : &*found;
}

absl::StatusOr<const ResolvedLayer*> SpatialLayer(const Graph& graph, std::string_view name) {
  const ResolvedLayer* last = LastSpatialLayer(graph);
  if (!name.empty()) {
    SB_ASSIGN_OR_RETURN(const ResolvedLayer* layer, FindLayer(graph, name));
    if (IsSpatial(*layer)) return layer;
    if (last != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("layer '", ToAbsl(name), "' (", layer->layer.type, ") gives ", FormatShape(layer->output_shape), " values",
                       layer->inputs.empty() ? ", the image" : "", "; a layer with height and width is needed: the last one is '",
                       last->layer.name, "'"));
    }
  }
  if (last != nullptr) return last;
  return absl::InvalidArgumentError("the network has no layer with height and width");
}

}  // namespace seedbed::graph
