#include "core/nn/network.h"

#include <map>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/nn/torch_pch.h"
#include "core/nn/weights.h"

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;
using Parameters = std::map<std::string, at::Tensor>;

// Inside, images are (batch, channels, height, width) in channels_last memory, as LibTorch likes them: the same bytes as outside.
at::Tensor ToInside(const at::Tensor& tensor) { return tensor.dim() == 4 ? tensor.permute({0, 3, 1, 2}) : tensor; }
at::Tensor ToOutside(const at::Tensor& tensor) { return tensor.dim() == 4 ? tensor.permute({0, 2, 3, 1}) : tensor; }

at::Tensor RunFlatten(const ResolvedLayer&, const std::vector<at::Tensor>& inputs, const Parameters&) {
  return ToOutside(inputs[0]).flatten(1);
}

at::Tensor RunDense(const ResolvedLayer& layer, const std::vector<at::Tensor>& inputs, const Parameters& parameters) {
  const auto bias = parameters.find(layer.layer.name + ".bias");
  return at::linear(inputs[0], parameters.at(layer.layer.name + ".weight"), bias == parameters.end() ? at::Tensor() : bias->second);
}

at::Tensor RunSoftmax(const ResolvedLayer&, const std::vector<at::Tensor>& inputs, const Parameters&) { return at::softmax(inputs[0], -1); }

using RunLayer = at::Tensor (*)(const ResolvedLayer&, const std::vector<at::Tensor>&, const Parameters&);

// Null for types that only core/graph knows.
RunLayer RunnerOf(std::string_view type) {
  if (type == "flatten") return RunFlatten;
  if (type == "dense") return RunDense;
  if (type == "softmax") return RunSoftmax;
  return nullptr;
}

// The door through which LibTorch's exceptions leave as statuses.
template <typename Body>
auto WithoutExceptions(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(absl::StrCat("the network ran out of memory: ", error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the network ran out of memory; try a smaller batch");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

at::Tensor CopyOf(const TensorView& view) {
  at::Tensor tensor = at::empty(view.shape, at::kFloat);
  std::memcpy(tensor.data_ptr<float>(), view.data.data(), view.data.size());
  return tensor;
}

class TorchNetwork : public Network {
 public:
  TorchNetwork(graph::Graph graph, Parameters parameters) : graph_(std::move(graph)), parameters_(std::move(parameters)) {}

  absl::StatusOr<std::vector<float>> Run(std::span<const float> input, size_t batch, std::string_view layer) const override {
    const ResolvedLayer* last = graph_.Find(layer);
    if (last == nullptr) return absl::InvalidArgumentError(absl::StrCat("the network has no layer '", ToAbsl(layer), "'"));
    if (batch == 0 || input.size() != batch * static_cast<size_t>(graph::ElementsOf(graph_.input_shape()))) {
      return absl::InvalidArgumentError(absl::StrCat("the network's input is ", graph::FormatShape(graph_.input_shape()), ", but ",
                                                     input.size(), " values came for a batch of ", batch));
    }
    return WithoutExceptions([&]() -> absl::StatusOr<std::vector<float>> {
      const c10::InferenceMode inference;
      const at::Tensor output = ToOutside(RunUpTo(last, input, batch)).contiguous();
      const float* values = output.const_data_ptr<float>();
      return std::vector<float>(values, values + output.numel());
    });
  }

 private:
  at::Tensor RunUpTo(const ResolvedLayer* last, std::span<const float> input, size_t batch) const {
    std::vector<int64_t> shape = {static_cast<int64_t>(batch)};
    shape.insert(shape.end(), graph_.input_shape().begin(), graph_.input_shape().end());
    // from_blob wants a mutable pointer; nothing writes to the input.
    const at::Tensor blob = at::from_blob(const_cast<float*>(input.data()), shape, at::TensorOptions().dtype(at::kFloat));
    std::vector<at::Tensor> outputs = {ToInside(blob)};
    const std::vector<ResolvedLayer>& layers = graph_.layers();
    for (size_t i = 1; &layers[i - 1] != last; ++i) {
      std::vector<at::Tensor> inputs;
      for (const size_t index : layers[i].inputs) inputs.push_back(outputs[index]);
      outputs.push_back(RunnerOf(layers[i].layer.type)(layers[i], inputs, parameters_));
    }
    return outputs.back();
  }

  const graph::Graph graph_;
  const Parameters parameters_;
};

}  // namespace

void SetComputeThreads(int threads) { at::set_num_threads(threads); }

absl::StatusOr<std::unique_ptr<Network>> Network::Create(const graph::Graph& graph, const TensorViews& weights) {
  SB_RETURN_IF_ERROR(CheckWeights(graph, weights));
  for (const ResolvedLayer& layer : graph.layers()) {
    if (layer.layer.type != "input" && RunnerOf(layer.layer.type) == nullptr) {
      return absl::UnimplementedError(absl::StrCat("layers of type '", layer.layer.type, "' cannot be run"));
    }
  }
  return WithoutExceptions([&]() -> absl::StatusOr<std::unique_ptr<Network>> {
    Parameters parameters;
    for (const auto& [name, view] : weights) parameters.emplace(name, CopyOf(view));
    return std::make_unique<TorchNetwork>(graph, std::move(parameters));
  });
}

}  // namespace seedbed::nn
