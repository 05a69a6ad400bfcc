#include "core/nn/gradient_network.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/cpu.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/check_batch.h"
#include "core/nn/network.h"
#include "core/nn/torch_errors.h"
#include "core/nn/torch_network.h"
#include "core/nn/torch_pch.h"
#include "core/nn/weights.h"
#include "core/nn/winograd_layers.h"

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;

size_t IndexOf(const graph::Graph& graph, const ResolvedLayer& layer) { return static_cast<size_t>(&layer - graph.layers().data()); }

// By LibTorch's automatic differentiation, whose tape begins at the layer `by`.
class TorchGradientNetwork : public GradientNetwork {
 public:
  TorchGradientNetwork(const graph::Graph& graph, size_t by, std::vector<LayerStep> steps, int threads)
      : GradientNetwork(graph, graph.layers()[by].output_shape), by_(by), steps_(std::move(steps)), threads_(threads) {
    last_reader_.assign(steps_.size(), steps_.size());
    for (size_t i = 0; i < steps_.size(); ++i) {
      for (const size_t input : graph_.layers()[i].inputs) last_reader_[input] = i;
    }
  }

  absl::Status Run(std::span<const float> input, size_t batch, const TargetGradient& target_gradient, std::span<float> values,
                   std::span<float> gradient) const override {
    const std::string& name = graph_.layers()[by_].layer.name;
    SB_RETURN_IF_ERROR(CheckValues("the network's input", input_shape(), input.size(), batch));
    if (!values.empty()) SB_RETURN_IF_ERROR(CheckValues(absl::StrCat("the output of '", name, "'"), shape_, values.size(), batch));
    if (!gradient.empty()) SB_RETURN_IF_ERROR(CheckValues(absl::StrCat("the gradient by '", name, "'"), shape_, gradient.size(), batch));
    SetComputeThreads(threads_);
    const auto run = [&]() -> absl::Status {
      const at::AutoGradMode recording(!gradient.empty());
      at::Tensor leaf;
      const at::Tensor target = RunForwards(InputTensor(input, input_shape(), batch), &leaf);
      if (!values.empty()) CopyOut(leaf.detach(), values);
      const at::Tensor by_target = GradientOf(target.detach(), target_gradient);
      if (gradient.empty()) return absl::OkStatus();
      target.backward(by_target);
      CopyOut(leaf.grad(), gradient);
      return absl::OkStatus();
    };
    return Annotate(WithoutExceptions(run), absl::StrCat("a batch of ", batch));
  }

 private:
  // The target's output; `leaf` gets that of the layer by_. Nothing before it is recorded, for nothing there wants a gradient.
  at::Tensor RunForwards(const at::Tensor& input, at::Tensor* leaf) const {
    std::vector<at::Tensor> values(steps_.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const ResolvedLayer& layer = graph_.layers()[i];
      std::vector<at::Tensor> inputs;
      for (const size_t index : layer.inputs) {
        inputs.push_back(values[index]);
        if (last_reader_[index] == i) values[index] = at::Tensor();
      }
      values[i] = i == 0 ? input : steps_[i](layer, inputs);
      if (i == by_) *leaf = values[i] = values[i].detach().requires_grad_();
    }
    return values.back();
  }

  // As seen from outside, and back.
  static at::Tensor GradientOf(const at::Tensor& target, const TargetGradient& target_gradient) {
    const at::Tensor values = ToOutside(target).contiguous(), gradient = at::zeros(values.sizes(), at::kFloat);
    const auto count = static_cast<size_t>(values.numel());
    target_gradient({values.const_data_ptr<float>(), count}, {gradient.data_ptr<float>(), count});
    return ToInside(gradient);
  }

  const size_t by_;
  const std::vector<LayerStep> steps_;
  const int threads_;
  std::vector<size_t> last_reader_;  // of each layer's output; the target's has none
};

// Null: every layer by LibTorch.
absl::StatusOr<const WinogradKernels*> KernelsFor(const std::string& backend) {
  const std::array<std::string, 3> backends = {"auto", "torch", "winograd"};
  if (std::find(backends.begin(), backends.end(), backend) == backends.end()) {
    return absl::InvalidArgumentError(absl::StrCat("there is no way '", backend, "' to gradients",
                                                   DidYouMean(backend, backends, "; there are auto, torch and winograd")));
  }
  const WinogradKernels* kernels = backend == "torch" ? nullptr : WinogradKernelsFor(InstructionSet());
  if (kernels != nullptr || backend != "winograd") return kernels;
  return absl::UnimplementedError("Winograd's convolutions need AVX2 and FMA, which this processor lacks");
}

std::vector<LayerStep> MakeSteps(const graph::Graph& graph, const TensorViews& weights, const WinogradKernels* kernels) {
  std::vector<LayerStep> steps(graph.layers().size());
  TensorViews others = weights;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (kernels == nullptr || !FitsWinogradBothWays(graph, i, *kernels)) continue;
    steps[i] = DifferentiableWinogradStep(graph, i, weights, *kernels);
    for (const graph::Parameter& parameter : graph.layers()[i].parameters) others.erase(parameter.name);
  }
  const std::shared_ptr<const TorchParameters> parameters = MakeTorchParameters(others);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i]) steps[i] = PlainStep(graph.layers()[i], parameters);
  }
  return steps;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GradientNetwork>> GradientNetwork::Create(const graph::Graph& graph, const TensorViews& weights,
                                                                         const GradientOptions& options) {
  SB_RETURN_IF_ERROR(CheckWeights(graph, weights));
  SB_RETURN_IF_ERROR(CheckLayerTypes(graph));
  SB_ASSIGN_OR_RETURN(const WinogradKernels* kernels, KernelsFor(options.backend));
  const std::string target = options.target.empty() ? graph.layers().back().layer.name : options.target;
  SB_ASSIGN_OR_RETURN(const graph::Graph part, graph::CutAt(graph, target));
  const std::string by = options.with_respect_to.empty() ? graph.layers().front().layer.name : options.with_respect_to;
  SB_ASSIGN_OR_RETURN(const ResolvedLayer* known, graph::FindLayer(graph, by));
  const ResolvedLayer* layer = part.Find(known->layer.name);
  if (layer == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("layer '", target, "' does not depend on '", by, "'"));
  }
  return WithoutExceptions([&]() -> absl::StatusOr<std::unique_ptr<GradientNetwork>> {
    std::vector<LayerStep> steps = MakeSteps(part, WeightsOf(part, weights), kernels);
    return std::make_unique<TorchGradientNetwork>(part, IndexOf(part, *layer), std::move(steps), options.threads);
  });
}

}  // namespace seedbed::nn
