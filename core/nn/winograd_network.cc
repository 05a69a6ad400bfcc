#include "core/nn/winograd_network.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/nn/torch_errors.h"
#include "core/nn/torch_network.h"
#include "core/nn/torch_pch.h"
#include "core/nn/weights.h"
#include "core/nn/winograd_layers.h"

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;

// Of a layer with a weight: each of its numbers is used once for each place of the output.
int64_t MultiplicationsOf(const ResolvedLayer& layer) {
  if (layer.parameters.empty() || layer.layer.type == "batch_norm") return 0;
  const graph::Shape& output = layer.output_shape;
  return graph::ElementsOf(layer.parameters[0].shape) * graph::ElementsOf(output) / output.back();
}

bool HalvesPlainly(const ResolvedLayer& layer) {
  constexpr std::array<int64_t, 2> kNone = {0, 0}, kTwo = {2, 2};
  const graph::Window& window = layer.settings.window;
  return layer.layer.type == "max_pool" && window.size == kTwo && window.strides == kTwo && window.before == kNone && window.after == kNone;
}

// For each layer the only one that reads it, if that is a max_pool that can be done in passing; else nullopt.
std::vector<std::optional<size_t>> FindPools(const graph::Graph& graph) {
  std::vector<std::vector<size_t>> readers(graph.layers().size());
  for (size_t i = 0; i < graph.layers().size(); ++i) {
    for (const size_t input : graph.layers()[i].inputs) readers[input].push_back(i);
  }
  std::vector<std::optional<size_t>> pools(readers.size());
  for (size_t i = 0; i < readers.size(); ++i) {
    if (readers[i].size() == 1 && HalvesPlainly(graph.layers()[readers[i][0]])) pools[i] = readers[i][0];
  }
  return pools;
}

LayerStep PassingStep() {
  return [](const ResolvedLayer&, const std::vector<at::Tensor>& inputs) { return inputs[0]; };
}

std::unique_ptr<Network> Build(const graph::Graph& graph, const TensorViews& weights, int threads, const WinogradKernels& kernels) {
  // Not LibTorch's threads: hardly any of its operators are left to run.
  const auto helpers = threads > 1 ? std::make_shared<ThreadPool>(static_cast<size_t>(threads - 1)) : nullptr;
  const std::vector<std::optional<size_t>> pools = FindPools(graph);
  std::vector<LayerStep> steps(graph.layers().size());
  TensorViews others = weights;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!FitsWinograd(graph, i, kernels)) continue;
    const ResolvedLayer& layer = graph.layers()[i];
    steps[i] = WinogradStep(graph, i, weights, pools[i].has_value(), kernels, helpers);
    if (pools[i]) steps[*pools[i]] = PassingStep();
    for (const graph::Parameter& parameter : layer.parameters) others.erase(parameter.name);
  }
  const std::shared_ptr<const TorchParameters> parameters = MakeTorchParameters(others);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i]) steps[i] = PlainStep(graph.layers()[i], parameters);
  }
  return MakeTorchNetwork(graph, std::move(steps));
}

}  // namespace

bool PrefersWinograd(const graph::Graph& graph) {
  constexpr double kShare = 0.9;
  const WinogradKernels* kernels = WinogradKernelsFor(InstructionSet());
  if (kernels == nullptr) return false;
  double fitting = 0, all = 0;
  for (size_t i = 0; i < graph.layers().size(); ++i) {
    const auto multiplications = static_cast<double>(MultiplicationsOf(graph.layers()[i]));
    all += multiplications;
    if (FitsWinograd(graph, i, *kernels)) fitting += multiplications;
  }
  return all > 0 && fitting >= kShare * all;
}

absl::StatusOr<std::unique_ptr<Network>> MakeWinogradNetwork(const graph::Graph& graph, const TensorViews& weights, int threads) {
  const WinogradKernels* kernels = WinogradKernelsFor(InstructionSet());
  if (kernels == nullptr) return absl::UnimplementedError("Winograd's convolutions need AVX2 and FMA, which this processor lacks");
  SB_RETURN_IF_ERROR(CheckWeights(graph, weights));
  SB_RETURN_IF_ERROR(CheckLayerTypes(graph));
  return WithoutExceptions([&]() -> absl::StatusOr<std::unique_ptr<Network>> { return Build(graph, weights, threads, *kernels); });
}

}  // namespace seedbed::nn
