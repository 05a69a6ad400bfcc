#include "core/nn/winograd_layers.h"

#include <ATen/ops/hardtanh_backward.h>
#include <ATen/ops/threshold_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kSide = 3;

// Work on the calling thread and others.
using Team = std::function<void(size_t most, const std::function<void(size_t)>& work)>;

Team TeamOf(std::shared_ptr<ThreadPool> helpers) {
  return [helpers = std::move(helpers)](size_t most, const std::function<void(size_t)>& work) {
    if (helpers == nullptr) return work(0);
    helpers->ParallelFor(std::min(helpers->size() + 1, most), work);
  };
}

// LibTorch's threads: those that wait for its next operator spin, and would be in the way of any others.
void OnLibTorchsThreads(size_t most, const std::function<void(size_t)>& work) {
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), static_cast<int64_t>(most));
  at::parallel_for(0, threads, 1, [&](int64_t first, int64_t) { work(static_cast<size_t>(first)); });
}

at::Tensor Convolve(const WinogradConvolution& convolution, const Team& team, const at::Tensor& image) {
  const at::Tensor input = ToOutside(image).contiguous();
  const size_t batch = static_cast<size_t>(input.size(0));
  const graph::Shape& shape = convolution.output_shape();
  const at::Tensor output = at::empty({input.size(0), shape[0], shape[1], shape[2]}, at::kFloat);
  const float* from = input.const_data_ptr<float>();
  float* to = output.data_ptr<float>();
  const size_t pieces = convolution.Pieces(batch);
  std::atomic<size_t> next = 0;
  // Whoever is free takes the next piece.
  const auto work = [&](size_t) {
    AlignedFloats scratch(convolution.scratch_floats());
    for (size_t piece = next++; piece < pieces; piece = next++) convolution.RunPiece(piece, batch, from, scratch.get(), to);
  };
  team(pieces, work);
  return ToInside(output);
}

// The layer whose output is the gradient by `layer`'s input, of that by its sums.
ResolvedLayer Reversed(const ResolvedLayer& layer, const graph::Shape& input) {
  ResolvedLayer reversed = layer;
  graph::Window& window = reversed.settings.window;
  for (size_t axis = 0; axis < 2; ++axis) {
    window.before[axis] = kSide - 1 - layer.settings.window.before[axis];
    window.after[axis] = kSide - 1 - layer.settings.window.after[axis];
  }
  reversed.settings.activation = {};
  reversed.settings.bias = false;
  reversed.output_shape = input;
  return reversed;
}

// [channel][filter], each turned by 180 degrees.
Tensor Turned(const TensorView& weight) {
  const int64_t filters = weight.shape[0], channels = weight.shape[1], taps = kSide * kSide;
  const std::vector<float> from = FloatsOf(weight);
  std::vector<float> to(from.size());
  for (int64_t filter = 0; filter < filters; ++filter) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const auto source = from.begin() + (filter * channels + channel) * taps;
      std::reverse_copy(source, source + taps, to.begin() + (channel * filters + filter) * taps);
    }
  }
  return Tensor::FromFloats({channels, filters, kSide, kSide}, to);
}

WinogradConvolution MakeReversed(const ResolvedLayer& layer, const graph::Shape& input, const TensorViews& weights,
                                 const WinogradKernels& kernels) {
  const std::string name = layer.layer.name + ".weight";
  const Tensor turned = Turned(weights.at(name));
  return {Reversed(layer, input), layer.output_shape, {{name, turned.view()}}, /*pooled=*/false, kernels};
}

// A layer's way there and back.
struct BothWays {
  BothWays(const ResolvedLayer& layer, const graph::Shape& input, const TensorViews& weights, const WinogradKernels& kernels)
      : activation(layer.settings.activation),
        forwards(layer, input, weights, /*pooled=*/false, kernels),
        back(MakeReversed(layer, input, weights, kernels)) {}

  const graph::Activation activation;
  const WinogradConvolution forwards, back;
};

// `output` is what the rectifier let through.
at::Tensor ThroughRectifier(const at::Tensor& gradient, const at::Tensor& output, const graph::Activation& activation) {
  if (!activation.rectified) return gradient;
  if (activation.ceiling == std::numeric_limits<float>::infinity()) return at::threshold_backward(gradient, output, 0);
  return at::hardtanh_backward(gradient, output, 0, activation.ceiling);
}

struct WinogradFunction : torch::autograd::Function<WinogradFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image, int64_t layer) {
    const auto& ways = *std::bit_cast<const BothWays*>(layer);
    const at::Tensor output = Convolve(ways.forwards, OnLibTorchsThreads, image);
    context->saved_data["layer"] = layer;
    context->save_for_backward({output});
    return output;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto& ways = *std::bit_cast<const BothWays*>(context->saved_data["layer"].toInt());
    const at::Tensor through = ThroughRectifier(gradients[0], context->get_saved_variables()[0], ways.activation);
    return {Convolve(ways.back, OnLibTorchsThreads, through), at::Tensor()};
  }
};

}  // namespace

const graph::Shape& InputShapeOf(const graph::Graph& graph, const ResolvedLayer& layer) {
  return graph.layers()[layer.inputs[0]].output_shape;
}

bool FitsWinograd(const graph::Graph& graph, size_t index, const WinogradKernels& kernels) {
  const ResolvedLayer& layer = graph.layers()[index];
  return index > 0 && WinogradConvolution::Fits(layer, InputShapeOf(graph, layer), kernels);
}

bool FitsWinogradBothWays(const graph::Graph& graph, size_t index, const WinogradKernels& kernels) {
  if (!FitsWinograd(graph, index, kernels)) return false;
  const ResolvedLayer& layer = graph.layers()[index];
  const graph::Window& window = layer.settings.window;
  const auto reversible = [](int64_t padding) { return padding < kSide; };
  if (!std::all_of(window.before.begin(), window.before.end(), reversible)) return false;
  if (!std::all_of(window.after.begin(), window.after.end(), reversible)) return false;
  return WinogradConvolution::Fits(Reversed(layer, InputShapeOf(graph, layer)), layer.output_shape, kernels);
}

LayerStep WinogradStep(const graph::Graph& graph, size_t index, const TensorViews& weights, bool pooled, const WinogradKernels& kernels,
                       std::shared_ptr<ThreadPool> helpers) {
  const ResolvedLayer& layer = graph.layers()[index];
  const auto convolution = std::make_shared<const WinogradConvolution>(layer, InputShapeOf(graph, layer), weights, pooled, kernels);
  return [convolution, team = TeamOf(std::move(helpers))](const ResolvedLayer&, const std::vector<at::Tensor>& inputs) {
    return Convolve(*convolution, team, inputs[0]);
  };
}

LayerStep DifferentiableWinogradStep(const graph::Graph& graph, size_t index, const TensorViews& weights, const WinogradKernels& kernels) {
  const ResolvedLayer& layer = graph.layers()[index];
  const auto ways = std::make_shared<const BothWays>(layer, InputShapeOf(graph, layer), weights, kernels);
  return [ways](const ResolvedLayer&, const std::vector<at::Tensor>& inputs) {
    return WinogradFunction::apply(inputs[0], std::bit_cast<int64_t>(ways.get()));
  };
}

}  // namespace seedbed::nn
