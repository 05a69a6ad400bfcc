// What the residual networks have in common (He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015), in torchvision's
// form: convolutions without bias, symmetric padding, and in v1.5 the stride in the 3x3 convolution. Names of layers are Keras's.
#pragma once

#include <array>
#include <string>

#include "absl/status/statusor.h"
#include "core/graph/architectures.h"
#include "core/graph/architectures/builder.h"

namespace seedbed::graph {

// Where images are prepared as torchvision prepares them, and what makes a classifier of features.
inline constexpr std::string_view kResnetPreset = "imagenet";
inline constexpr std::string_view kResnetHead = R"(["global_average_pool", {"dense": "classes"}])";

// A convolution `name`_conv behind `input`, and its batch norm `name`_bn.
void AddResnetConvolution(const std::string& name, int filters, int kernel, int stride, const std::string& input, Builder* net);

struct Resnet {
  std::array<int, 4> blocks = {};  // of each stage; stages have 64, 128, 256 and 512 filters
  int expansion = 1;               // a block's output has so many times the filters
  // Adds the layers of a block that are not its shortcut, from behind `input` to the batch norm before the sum.
  void (*add_branch)(const std::string& block, int filters, int stride, const std::string& input, Builder* net) = nullptr;
};
absl::StatusOr<Graph> BuildResnet(const Resnet& resnet, const ArchitectureOptions& options);

}  // namespace seedbed::graph
