// ResNet-18: blocks of two 3x3 convolutions.
#include "core/graph/architectures/resnet.h"

namespace seedbed::graph {
namespace {

void AddBranch(const std::string& block, int filters, int stride, const std::string& input, Builder* net) {
  AddResnetConvolution(block + "_1", filters, 3, stride, input, net);
  AddResnetConvolution(block + "_2", filters, 3, 1, net->Add(block + "_1_relu", "relu"), net);
}

absl::StatusOr<Graph> Build(const ArchitectureOptions& options) {
  return BuildResnet({.blocks = {2, 2, 2, 2}, .expansion = 1, .add_branch = AddBranch}, options);
}

}  // namespace

extern const Architecture kResnet18;
const Architecture kResnet18 = {.name = "resnet18", .build = Build, .preset = kResnetPreset, .side = 224, .head = kResnetHead};

}  // namespace seedbed::graph
