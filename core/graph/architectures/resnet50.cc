// ResNet-50 v1.5: bottlenecks of a 1x1, a 3x3 (with the stride) and a 1x1 convolution to four times the filters.
#include "core/graph/architectures/resnet.h"

namespace seedbed::graph {
namespace {

constexpr int kExpansion = 4;

void AddBranch(const std::string& block, int filters, int stride, const std::string& input, Builder* net) {
  AddResnetConvolution(block + "_1", filters, 1, 1, input, net);
  AddResnetConvolution(block + "_2", filters, 3, stride, net->Add(block + "_1_relu", "relu"), net);
  AddResnetConvolution(block + "_3", filters * kExpansion, 1, 1, net->Add(block + "_2_relu", "relu"), net);
}

absl::StatusOr<Graph> Build(const ArchitectureOptions& options) {
  return BuildResnet({.blocks = {3, 4, 6, 3}, .expansion = kExpansion, .add_branch = AddBranch}, options);
}

}  // namespace

extern const Architecture kResnet50;
const Architecture kResnet50 = {.name = "resnet50", .build = Build, .preset = kResnetPreset, .side = 224, .head = kResnetHead};

}  // namespace seedbed::graph
