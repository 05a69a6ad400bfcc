// Multinomial logistic regression on the pixels: the baseline every other network has to beat. Without its top there is nothing left but
// the input: what a net of one's own starts from.
#include "core/graph/architectures.h"
#include "core/graph/architectures/builder.h"

namespace seedbed::graph {
namespace {

absl::StatusOr<Graph> Build(const ArchitectureOptions& options) {
  Builder net(options.input_shape);
  if (options.classes != 0) {
    net.Add("flatten", "flatten");
    net.Add("dense", "dense", {{"units", options.classes}});
    net.Add("softmax", "softmax");
  }
  return std::move(net).Build();
}

}  // namespace

extern const Architecture kLogistic;
const Architecture kLogistic = {
    .name = "logistic", .build = Build, .preset = "unit", .side = 150, .head = R"(["flatten", {"dense": "classes"}])"};

}  // namespace seedbed::graph
