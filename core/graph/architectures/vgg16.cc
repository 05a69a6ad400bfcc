// VGG16, configuration D (Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014), with Keras's
// names of layers: a convolution and its ReLU are one layer. The weights that Keras publishes want caffe's preprocessing.
#include <array>

#include "absl/strings/str_cat.h"
#include "core/graph/architectures.h"
#include "core/graph/architectures/builder.h"

namespace seedbed::graph {
namespace {

struct Block {
  int convolutions = 0;
  int filters = 0;
};
constexpr std::array<Block, 5> kBlocks = {{{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}}};
constexpr int kHiddenUnits = 4096;

void AddTop(int64_t classes, Builder* net) {
  net->Add("flatten", "flatten");
  for (const char* name : {"fc1", "fc2"}) net->Add(name, "dense", {{"units", kHiddenUnits}, {"activation", "relu"}});
  net->AddPredictions(classes);
}

absl::StatusOr<Graph> Build(const ArchitectureOptions& options) {
  Builder net(options.input_shape);
  for (size_t i = 0; i < kBlocks.size(); ++i) {
    const std::string block = absl::StrCat("block", i + 1);
    for (int convolution = 1; convolution <= kBlocks[i].convolutions; ++convolution) {
      net.Add(absl::StrCat(block, "_conv", convolution), "conv2d",
              {{"filters", kBlocks[i].filters}, {"kernel", 3}, {"padding", "same"}, {"activation", "relu"}});
    }
    net.Add(block + "_pool", "max_pool", {{"size", 2}});
  }
  if (options.classes != 0) AddTop(options.classes, &net);
  return std::move(net).Build();
}

}  // namespace

extern const Architecture kVgg16;
const Architecture kVgg16 = {
    .name = "vgg16", .build = Build, .preset = "keras_caffe", .side = 224, .head = R"(["flatten", {"dense": "classes"}])"};

}  // namespace seedbed::graph
