#include "core/nn/network.h"

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/check_batch.h"
#include "core/nn/torch_errors.h"
#include "core/nn/torch_network.h"
#include "core/nn/torch_pch.h"
#include "core/nn/weights.h"

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;

at::Tensor CopyOf(const TensorView& view) {
  at::Tensor tensor = at::empty(view.shape, at::kFloat);
  std::memcpy(tensor.data_ptr<float>(), view.data.data(), view.data.size());
  return view.shape.size() == 4 ? tensor.contiguous(at::MemoryFormat::ChannelsLast) : tensor;
}

class TorchNetwork : public Network {
 public:
  TorchNetwork(graph::Graph graph, std::vector<LayerStep> steps) : Network(std::move(graph)), steps_(std::move(steps)) {}

  absl::Status RunInto(std::span<const float> input, size_t batch, std::span<const std::string> layers,
                       std::span<const std::span<float>> outputs) const override {
    SB_RETURN_IF_ERROR(CheckValues("the network's input", graph_.input_shape(), input.size(), batch));
    std::map<size_t, std::span<float>> wanted;
    for (size_t i = 0; i < layers.size(); ++i) {
      SB_ASSIGN_OR_RETURN(const ResolvedLayer* layer, graph::FindLayer(graph_, layers[i]));
      SB_RETURN_IF_ERROR(CheckValues(absl::StrCat("the output of '", layers[i], "'"), layer->output_shape, outputs[i].size(), batch));
      wanted.emplace(static_cast<size_t>(layer - graph_.layers().data()), outputs[i]);
    }
    return Annotate(WithoutExceptions([&] { return RunLayers(input, batch, wanted); }), absl::StrCat("a batch of ", batch));
  }

 private:
  // For each layer, how many of the layers that are needed for the wanted ones read it; those not needed at all have nullopt.
  std::vector<std::optional<size_t>> CountReaders(const std::map<size_t, std::span<float>>& wanted) const {
    std::vector<std::optional<size_t>> readers(graph_.layers().size());
    for (const auto& [index, output] : wanted) readers[index] = 0;
    for (size_t i = readers.size(); i-- > 0;) {
      if (!readers[i]) continue;
      for (const size_t input : graph_.layers()[i].inputs) readers[input] = readers[input].value_or(0) + 1;
    }
    return readers;
  }

  absl::Status RunLayers(std::span<const float> input, size_t batch, const std::map<size_t, std::span<float>>& wanted) const {
    const c10::InferenceMode inference;
    std::vector<std::optional<size_t>> readers = CountReaders(wanted);
    std::vector<at::Tensor> values(graph_.layers().size());  // kept until their last reader has run
    for (size_t i = 0; i < values.size(); ++i) {
      if (!readers[i]) continue;
      const ResolvedLayer& layer = graph_.layers()[i];
      std::vector<at::Tensor> inputs;
      for (const size_t index : layer.inputs) {
        inputs.push_back(values[index]);
        if (--*readers[index] == 0) values[index] = at::Tensor();
      }
      values[i] = i == 0 ? InputTensor(input, graph_.input_shape(), batch) : steps_[i](layer, inputs);
      if (const auto found = wanted.find(i); found != wanted.end()) CopyOut(values[i], found->second);
    }
    return absl::OkStatus();
  }

  const std::vector<LayerStep> steps_;
};

}  // namespace

void SetComputeThreads(int threads) {
  // Setting the same number again would throw away what oneDNN has prepared.
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

absl::StatusOr<std::vector<float>> Network::Run(std::span<const float> input, size_t batch, std::string_view layer) const {
  SB_ASSIGN_OR_RETURN(const ResolvedLayer* last, graph::FindLayer(graph_, layer));
  std::vector<float> output(batch * static_cast<size_t>(graph::ElementsOf(last->output_shape)));
  const std::string name(layer);
  const std::span<float> room(output);
  SB_RETURN_IF_ERROR(RunInto(input, batch, {&name, 1}, {&room, 1}));
  return output;
}

at::Tensor InputTensor(std::span<const float> input, const graph::Shape& shape, size_t batch) {
  std::vector<int64_t> sizes = {static_cast<int64_t>(batch)};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  // from_blob wants a mutable pointer; nothing writes to the input.
  return ToInside(at::from_blob(const_cast<float*>(input.data()), sizes, at::TensorOptions().dtype(at::kFloat)));
}

void CopyOut(const at::Tensor& value, std::span<float> output) {
  const at::Tensor values = ToOutside(value).contiguous();
  std::memcpy(output.data(), values.const_data_ptr<float>(), output.size_bytes());
}

std::shared_ptr<const TorchParameters> MakeTorchParameters(const TensorViews& weights) {
  TorchParameters parameters;
  for (const auto& [name, view] : weights) parameters.emplace(name, CopyOf(view));
  return std::make_shared<const TorchParameters>(std::move(parameters));
}

LayerStep PlainStep(const ResolvedLayer& layer, std::shared_ptr<const TorchParameters> parameters) {
  const LayerRunner runner = RunnerOf(layer.layer.type);
  if (runner == nullptr) return nullptr;
  return [runner, parameters = std::move(parameters)](const ResolvedLayer& own, const std::vector<at::Tensor>& inputs) {
    return runner(own, inputs, *parameters);
  };
}

absl::Status CheckLayerTypes(const graph::Graph& graph) {
  for (const ResolvedLayer& layer : graph.layers()) {
    if (layer.layer.type == "input" || RunnerOf(layer.layer.type) != nullptr) continue;
    return absl::UnimplementedError(absl::StrCat("layers of type '", layer.layer.type, "' cannot be run"));
  }
  return absl::OkStatus();
}

std::unique_ptr<Network> MakeTorchNetwork(graph::Graph graph, std::vector<LayerStep> steps) {
  return std::make_unique<TorchNetwork>(std::move(graph), std::move(steps));
}

absl::StatusOr<std::unique_ptr<Network>> Network::Create(const graph::Graph& graph, const TensorViews& weights) {
  SB_RETURN_IF_ERROR(CheckWeights(graph, weights));
  SB_RETURN_IF_ERROR(CheckLayerTypes(graph));
  return WithoutExceptions([&]() -> absl::StatusOr<std::unique_ptr<Network>> {
    const std::shared_ptr<const TorchParameters> parameters = MakeTorchParameters(weights);
    std::vector<LayerStep> steps;
    for (const ResolvedLayer& layer : graph.layers()) steps.push_back(PlainStep(layer, parameters));
    return MakeTorchNetwork(graph, std::move(steps));
  });
}

}  // namespace seedbed::nn
