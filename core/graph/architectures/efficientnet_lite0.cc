// EfficientNet-Lite0, the one of TensorFlow's EfficientNet builders without squeeze-and-excitation and with ReLU6 for swish: stem and head
// keep their widths in every size of it. Names of layers are those of Keras's EfficientNet; padding is TensorFlow's, from the actual size.
#include <array>

#include "absl/strings/str_cat.h"
#include "core/graph/architectures.h"
#include "core/graph/architectures/builder.h"

namespace seedbed::graph {
namespace {

struct Stage {
  int expansion = 1;
  int kernel = 3;
  int stride = 1;  // of its first block
  int filters = 0;
  int blocks = 0;
};
constexpr std::array<Stage, 7> kStages = {{
    {.expansion = 1, .kernel = 3, .stride = 1, .filters = 16, .blocks = 1},
    {.expansion = 6, .kernel = 3, .stride = 2, .filters = 24, .blocks = 2},
    {.expansion = 6, .kernel = 5, .stride = 2, .filters = 40, .blocks = 2},
    {.expansion = 6, .kernel = 3, .stride = 2, .filters = 80, .blocks = 3},
    {.expansion = 6, .kernel = 5, .stride = 1, .filters = 112, .blocks = 3},
    {.expansion = 6, .kernel = 5, .stride = 2, .filters = 192, .blocks = 4},
    {.expansion = 6, .kernel = 3, .stride = 1, .filters = 320, .blocks = 1},
}};
constexpr int kStemFilters = 32;
constexpr int kTopFilters = 1280;
constexpr double kTopDropout = 0.2;

void AddConvolution(const std::string& name, int filters, int kernel, int stride, Builder* net) {
  net->Add(name, "conv2d", {{"filters", filters}, {"kernel", kernel}, {"strides", stride}, {"padding", "same"}, {"bias", false}});
}

void AddNorm(const std::string& name, Builder* net) { net->Add(name, "batch_norm", {{"epsilon", 0.001}, {"momentum", 0.99}}); }

void AddActivation(const std::string& name, Builder* net) { net->Add(name, "relu", {{"max_value", 6}}); }

// An inverted residual block: expanded, filtered channel by channel, projected without activation; behind its input where shapes allow it.
void AddBlock(const std::string& name, const Stage& stage, int stride, int channels, Builder* net) {
  const std::string input = net->last();
  if (stage.expansion != 1) {
    AddConvolution(name + "_expand_conv", channels * stage.expansion, 1, 1, net);
    AddNorm(name + "_expand_bn", net);
    AddActivation(name + "_expand_activation", net);
  }
  net->Add(name + "_dwconv", "depthwise_conv2d", {{"kernel", stage.kernel}, {"strides", stride}, {"padding", "same"}, {"bias", false}});
  AddNorm(name + "_bn", net);
  AddActivation(name + "_activation", net);
  AddConvolution(name + "_project_conv", stage.filters, 1, 1, net);
  AddNorm(name + "_project_bn", net);
  if (stride == 1 && channels == stage.filters) net->Add(name + "_add", "add", nlohmann::json::object(), {net->last(), input});
}

absl::StatusOr<Graph> Build(const ArchitectureOptions& options) {
  Builder net(options.input_shape);
  AddConvolution("stem_conv", kStemFilters, 3, 2, &net);
  AddNorm("stem_bn", &net);
  AddActivation("stem_activation", &net);
  int channels = kStemFilters;
  for (size_t i = 0; i < kStages.size(); ++i) {
    for (int block = 0; block < kStages[i].blocks; ++block) {
      const std::string name = absl::StrCat("block", i + 1, std::string(1, static_cast<char>('a' + block)));
      AddBlock(name, kStages[i], block == 0 ? kStages[i].stride : 1, channels, &net);
      channels = kStages[i].filters;
    }
  }
  AddConvolution("top_conv", kTopFilters, 1, 1, &net);
  AddNorm("top_bn", &net);
  AddActivation("top_activation", &net);
  if (options.classes != 0) {
    net.Add("avg_pool", "global_average_pool");
    net.Add("top_dropout", "dropout", {{"rate", kTopDropout}});
    net.AddPredictions(options.classes);
  }
  return std::move(net).Build();
}

}  // namespace

extern const Architecture kEfficientNetLite0;
const Architecture kEfficientNetLite0 = {.name = "efficientnet_lite0",
                                         .build = Build,
                                         .preset = "efficientnet_lite",
                                         .side = 224,
                                         .head = R"(["global_average_pool", {"dense": "classes"}])"};

}  // namespace seedbed::graph
