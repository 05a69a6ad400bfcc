// Multinomial logistic regression on the pixels: the baseline every other network has to beat.
#include "core/graph/architectures.h"

namespace seedbed::graph {
namespace {

absl::StatusOr<Graph> Build(const ArchitectureOptions& options) {
  return Graph::Create({
      {.name = "input", .type = "input", .config = {{"shape", options.input_shape}}, .inputs = {}},
      {.name = "flatten", .type = "flatten", .inputs = {"input"}},
      {.name = "dense", .type = "dense", .config = {{"units", options.classes}}, .inputs = {"flatten"}},
      {.name = "softmax", .type = "softmax", .inputs = {"dense"}},
  });
}

}  // namespace

extern const Architecture kLogistic;
const Architecture kLogistic = {"logistic", Build};

}  // namespace seedbed::graph
