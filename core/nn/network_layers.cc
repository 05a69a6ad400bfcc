#include "core/nn/network_layers.h"

#include <ATen/ops/hardtanh.h>

#include <array>
#include <limits>
#include <utility>

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;
using Inputs = std::vector<at::Tensor>;
using Parameters = TorchParameters;

// Undefined when the layer has none of the name.
at::Tensor ParameterOf(const ResolvedLayer& layer, std::string_view leaf, const Parameters& parameters) {
  const auto found = parameters.find(layer.layer.name + "." + std::string(leaf));
  return found == parameters.end() ? at::Tensor() : found->second;
}

at::Tensor Activated(const at::Tensor& tensor, const graph::Activation& activation) {
  if (!activation.rectified) return tensor;
  if (activation.ceiling == std::numeric_limits<float>::infinity()) return at::relu(tensor);
  return at::hardtanh(tensor, 0, activation.ceiling);  // a clamp whose edges pass no gradient, as a relu's
}

bool PadsUnevenly(const graph::Window& window) { return window.before != window.after; }

// With the window's padding as pixels of their own.
at::Tensor Padded(const at::Tensor& image, const graph::Window& window, float value) {
  if (window.before == std::array<int64_t, 2>{} && window.after == window.before) return image;
  return at::constant_pad_nd(image, {window.before[1], window.after[1], window.before[0], window.after[0]}, value);
}

at::Tensor Convolution(const ResolvedLayer& layer, const at::Tensor& image, const Parameters& parameters, int64_t groups) {
  const graph::Window& window = layer.settings.window;
  const at::Tensor weight = ParameterOf(layer, "weight", parameters), bias = ParameterOf(layer, "bias", parameters);
  const bool uneven = PadsUnevenly(window);
  const std::array<int64_t, 2> padding = uneven ? std::array<int64_t, 2>{0, 0} : window.before;
  const std::array<int64_t, 2> dilation = {1, 1};
  const at::Tensor input = uneven ? Padded(image, window, 0) : image;
  return Activated(at::conv2d(input, weight, bias, window.strides, padding, dilation, groups), layer.settings.activation);
}

at::Tensor RunConv2d(const ResolvedLayer& layer, const Inputs& inputs, const Parameters& parameters) {
  return Convolution(layer, inputs[0], parameters, /*groups=*/1);
}

at::Tensor RunDepthwiseConv2d(const ResolvedLayer& layer, const Inputs& inputs, const Parameters& parameters) {
  return Convolution(layer, inputs[0], parameters, /*groups=*/layer.output_shape[2]);
}

at::Tensor RunMaxPool(const ResolvedLayer& layer, const Inputs& inputs, const Parameters&) {
  const graph::Window& window = layer.settings.window;
  return at::max_pool2d(Padded(inputs[0], window, -std::numeric_limits<float>::infinity()), window.size, window.strides);
}

// The mean over the pixels of the image in the window: the sum over all of it by the number of those pixels.
at::Tensor RunAveragePool(const ResolvedLayer& layer, const Inputs& inputs, const Parameters&) {
  const graph::Window& window = layer.settings.window;
  const auto sum = [&](const at::Tensor& image) {
    return at::avg_pool2d(Padded(image, window, 0), window.size, window.strides, /*padding=*/{0, 0}, /*ceil_mode=*/false,
                          /*count_include_pad=*/true, /*divisor_override=*/1);
  };
  const at::Tensor pixels = at::ones({1, 1, inputs[0].size(2), inputs[0].size(3)}, at::kFloat);
  return at::div(sum(inputs[0]), sum(pixels));
}

at::Tensor RunGlobalAveragePool(const ResolvedLayer&, const Inputs& inputs, const Parameters&) { return at::mean(inputs[0], {2, 3}); }
at::Tensor RunGlobalMaxPool(const ResolvedLayer&, const Inputs& inputs, const Parameters&) { return at::amax(inputs[0], {2, 3}); }

at::Tensor RunBatchNorm(const ResolvedLayer& layer, const Inputs& inputs, const Parameters& parameters) {
  return at::batch_norm(inputs[0], ParameterOf(layer, "weight", parameters), ParameterOf(layer, "bias", parameters),
                        ParameterOf(layer, "running_mean", parameters), ParameterOf(layer, "running_var", parameters),
                        /*training=*/false, /*momentum=*/0, layer.settings.epsilon, /*cudnn_enabled=*/false);
}

at::Tensor RunWhiten(const ResolvedLayer& layer, const Inputs& inputs, const Parameters& parameters) {
  const at::Tensor outside = ToOutside(inputs[0]);
  return ToInside(outside.flatten(1).matmul(ParameterOf(layer, "weight", parameters)).view_as(outside));
}

at::Tensor RunDense(const ResolvedLayer& layer, const Inputs& inputs, const Parameters& parameters) {
  const at::Tensor sums = at::linear(inputs[0], ParameterOf(layer, "weight", parameters), ParameterOf(layer, "bias", parameters));
  return Activated(sums, layer.settings.activation);
}

at::Tensor RunRelu(const ResolvedLayer& layer, const Inputs& inputs, const Parameters&) {
  return Activated(inputs[0], layer.settings.activation);
}

at::Tensor RunAdd(const ResolvedLayer&, const Inputs& inputs, const Parameters&) { return at::add(inputs[0], inputs[1]); }
at::Tensor RunFlatten(const ResolvedLayer&, const Inputs& inputs, const Parameters&) { return ToOutside(inputs[0]).flatten(1); }
at::Tensor RunSoftmax(const ResolvedLayer&, const Inputs& inputs, const Parameters&) { return at::softmax(inputs[0], -1); }
at::Tensor RunDropout(const ResolvedLayer&, const Inputs& inputs, const Parameters&) { return inputs[0]; }

}  // namespace

LayerRunner RunnerOf(std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, LayerRunner>, 14> kRunners = {{
      {"flatten", RunFlatten},
      {"dense", RunDense},
      {"softmax", RunSoftmax},
      {"relu", RunRelu},
      {"dropout", RunDropout},
      {"add", RunAdd},
      {"conv2d", RunConv2d},
      {"depthwise_conv2d", RunDepthwiseConv2d},
      {"max_pool", RunMaxPool},
      {"average_pool", RunAveragePool},
      {"global_average_pool", RunGlobalAveragePool},
      {"global_max_pool", RunGlobalMaxPool},
      {"batch_norm", RunBatchNorm},
      {"whiten", RunWhiten},
  }};
  for (const auto& [name, runner] : kRunners) {
    if (name == type) return runner;
  }
  return nullptr;
}

}  // namespace seedbed::nn
