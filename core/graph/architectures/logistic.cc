// Multinomial logistic regression on the pixels: the baseline every other network has to beat. Without its top there is nothing left but
// the input: what a net of one's own starts from.
#include "core/graph/architectures.h"

namespace seedbed::graph {
namespace {

absl::StatusOr<Graph> Build(const ArchitectureOptions& options) {
  std::vector<Layer> layers = {{.name = "input", .type = "input", .config = {{"shape", options.input_shape}}, .inputs = {}}};
  if (options.classes == 0) return Graph::Create(std::move(layers));
  layers.push_back({.name = "flatten", .type = "flatten", .inputs = {"input"}});
  layers.push_back({.name = "dense", .type = "dense", .config = {{"units", options.classes}}, .inputs = {"flatten"}});
  layers.push_back({.name = "softmax", .type = "softmax", .inputs = {"dense"}});
  return Graph::Create(std::move(layers));
}

}  // namespace

extern const Architecture kLogistic;
const Architecture kLogistic = {
    .name = "logistic", .build = Build, .preset = "unit", .side = 150, .head = R"(["flatten", {"dense": "classes"}])"};

}  // namespace seedbed::graph
