#include "core/train/training_pass.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "core/base/digest.h"
#include "core/base/philox.h"

namespace seedbed::train {
namespace {

// Each dropout draws from streams of its own, wherever in a graph it stands.
uint64_t SeedOf(const graph::ResolvedLayer& layer, uint64_t seed) {
  return seed ^ std::stoull(Sha256Hex(layer.layer.name).substr(0, 16), nullptr, 16);
}

}  // namespace

at::Tensor DropoutMask(const graph::ResolvedLayer& layer, const DropoutKey& key) {
  const float rate = static_cast<float>(layer.settings.rate), kept = 1 / (1 - rate);
  const uint64_t seed = SeedOf(layer, key.seed);
  std::vector<int64_t> shape = {static_cast<int64_t>(key.examples.size())};
  shape.insert(shape.end(), layer.output_shape.begin(), layer.output_shape.end());
  const at::Tensor mask = at::empty(shape, at::kFloat);
  const int64_t values = graph::ElementsOf(layer.output_shape);
  float* const all = mask.data_ptr<float>();
  for (size_t i = 0; i < key.examples.size(); ++i) {
    RandomStream random(seed, RandomPurpose::kDropout, static_cast<uint64_t>(key.step) << 32 | key.examples[i]);
    float* row = all + static_cast<int64_t>(i) * values;
    for (int64_t v = 0; v < values; ++v) row[v] = random.NextUniform() < rate ? 0 : kept;
  }
  return mask;
}

GraphRunner::GraphRunner(const graph::Graph& graph, const nn::TorchParameters& parameters) : graph_(graph), parameters_(parameters) {
  const size_t logits = static_cast<size_t>(&graph::LogitsLayer(graph) - graph.layers().data());
  last_reader_.assign(logits + 1, logits);
  for (size_t i = 0; i <= logits; ++i) {
    const graph::ResolvedLayer& layer = graph.layers()[i];
    runners_.push_back(nn::RunnerOf(layer.layer.type));
    for (const size_t input : layer.inputs) last_reader_[input] = i;
  }
}

at::Tensor GraphRunner::Parameter(const graph::ResolvedLayer& layer, const char* leaf) const {
  return parameters_.at(layer.layer.name + "." + leaf);
}

template <typename Run>
at::Tensor GraphRunner::RunLayers(const at::Tensor& input, Run run) const {
  std::vector<at::Tensor> values(runners_.size());
  values[0] = nn::ToInside(input);
  for (size_t i = 1; i < values.size(); ++i) {
    const graph::ResolvedLayer& layer = graph_.layers()[i];
    std::vector<at::Tensor> inputs;
    for (const size_t index : layer.inputs) {
      inputs.push_back(values[index]);
      if (last_reader_[index] == i) values[index] = at::Tensor();
    }
    values[i] = run(i, layer, inputs);
  }
  return values.back();
}

at::Tensor GraphRunner::Evaluate(const at::Tensor& input) const {
  return RunLayers(input, [&](size_t i, const graph::ResolvedLayer& layer, const std::vector<at::Tensor>& inputs) {
    return runners_[i](layer, inputs, parameters_);
  });
}

at::Tensor GraphRunner::Train(const at::Tensor& input, const DropoutKey& key) const {
  return RunLayers(input, [&](size_t i, const graph::ResolvedLayer& layer, const std::vector<at::Tensor>& inputs) {
    if (layer.active_in_training()) {
      if (layer.layer.type == "dropout") return at::mul(inputs[0], nn::ToInside(DropoutMask(layer, key)));
      if (layer.layer.type == "batch_norm") return BatchNorm(layer, inputs[0]);
    }
    return runners_[i](layer, inputs, parameters_);
  });
}

at::Tensor GraphRunner::BatchNorm(const graph::ResolvedLayer& layer, const at::Tensor& input) const {
  // LibTorch's running statistics with momentum 1 are those of the batch; its variance is the unbiased one, which one value has not.
  const int64_t channels = layer.output_shape.back();
  const at::Tensor mean = at::zeros({channels}, at::kFloat), variance = at::zeros({channels}, at::kFloat);
  const at::Tensor output = at::batch_norm(input, Parameter(layer, "weight"), Parameter(layer, "bias"), mean, variance, /*training=*/true,
                                           /*momentum=*/1, layer.settings.epsilon, /*cudnn_enabled=*/false);
  const at::NoGradGuard no_gradients;
  const int64_t count = input.numel() / channels;
  const double momentum = layer.settings.momentum;
  const double biased = static_cast<double>(count - 1) / static_cast<double>(count);
  Parameter(layer, "running_mean").mul_(momentum).add_(mean, 1 - momentum);
  at::Tensor running_variance = Parameter(layer, "running_var").mul_(momentum);
  if (count > 1) running_variance.add_(variance, (1 - momentum) * biased);
  return output;
}

}  // namespace seedbed::train
