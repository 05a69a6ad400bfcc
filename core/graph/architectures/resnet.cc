#include "core/graph/architectures/resnet.h"

#include "absl/strings/str_cat.h"

namespace seedbed::graph {
namespace {

constexpr int kFirstFilters = 64;

// The shortcut comes first, so that the layers before the sum are the branch's: popping the sum leaves the branch.
void AddBlock(const std::string& name, const Resnet& resnet, int filters, int stride, bool projects, Builder* net) {
  const std::string input = net->last();
  std::string shortcut = input;
  if (projects) {
    AddResnetConvolution(name + "_0", filters * resnet.expansion, 1, stride, input, net);
    shortcut = net->last();
  }
  resnet.add_branch(name, filters, stride, input, net);
  net->Add(name + "_add", "add", nlohmann::json::object(), {shortcut, net->last()});
  net->Add(name + "_out", "relu");
}

}  // namespace

void AddResnetConvolution(const std::string& name, int filters, int kernel, int stride, const std::string& input, Builder* net) {
  net->Add(name + "_conv", "conv2d",
           {{"filters", filters}, {"kernel", kernel}, {"strides", stride}, {"padding", kernel / 2}, {"bias", false}}, {input});
  net->Add(name + "_bn", "batch_norm", {{"epsilon", 1e-5}, {"momentum", 0.9}});
}

absl::StatusOr<Graph> BuildResnet(const Resnet& resnet, const ArchitectureOptions& options) {
  Builder net(options.input_shape);
  AddResnetConvolution("conv1", kFirstFilters, 7, 2, net.last(), &net);
  net.Add("conv1_relu", "relu");
  net.Add("pool1_pool", "max_pool", {{"size", 3}, {"strides", 2}, {"padding", 1}});
  int channels = kFirstFilters;
  for (size_t stage = 0; stage < resnet.blocks.size(); ++stage) {
    const int filters = kFirstFilters << stage;
    for (int block = 1; block <= resnet.blocks[stage]; ++block) {
      const int stride = stage > 0 && block == 1 ? 2 : 1;
      const bool projects = stride != 1 || channels != filters * resnet.expansion;
      AddBlock(absl::StrCat("conv", stage + 2, "_block", block), resnet, filters, stride, projects, &net);
      channels = filters * resnet.expansion;
    }
  }
  if (options.classes != 0) {
    net.Add("avg_pool", "global_average_pool");
    net.AddPredictions(options.classes);
  }
  return std::move(net).Build();
}

}  // namespace seedbed::graph
