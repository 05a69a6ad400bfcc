#include "core/nn/torchscript.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/status_macros.h"
#include "core/nn/torch_errors.h"
#include "core/nn/torch_pch.h"
#include "torch/csrc/jit/api/module.h"

namespace seedbed::nn {
namespace {

at::Tensor TensorOf(std::vector<int64_t> shape, const std::vector<float>& values) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return tensor;
}

at::Tensor PerChannel(const std::array<double, 3>& values) {
  return TensorOf({3}, {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])});
}

void AddTensors(const SavedModel& model, const TorchScriptSource& source, torch::jit::Module* module) {
  for (const graph::Parameter& parameter : model.graph.parameters()) {
    const TensorView view = model.weights.at(parameter.name).view();
    module->register_parameter(source.attributes.at(parameter.name), TensorOf(view.shape, FloatsOf(view)), parameter.statistic);
  }
  module->register_buffer("channel_mean", PerChannel(model.preprocessing.mean));
  module->register_buffer("channel_std", PerChannel(model.preprocessing.std));
  if (!model.mean_image.empty()) module->register_buffer("mean_image", TensorOf(model.graph.input_shape(), model.mean_image));
  c10::List<std::string> classes;
  for (const std::string& name : model.classes) classes.push_back(name);
  module->register_attribute("classes", c10::ListType::ofStrings(), classes);
}

}  // namespace

absl::Status WriteTorchScript(const std::filesystem::path& file, const SavedModel& model) {
  SB_ASSIGN_OR_RETURN(const TorchScriptSource source, WriteTorchScriptSource(model.graph, model.preprocessing));
  const auto write = [&] {
    torch::jit::Module module("SeedbedModel");
    AddTensors(model, source, &module);
    module.define(source.code);
    module.eval();
    module.save(file.string());
    return absl::OkStatus();
  };
  return Annotate(WithoutExceptions(write), file.string());
}

}  // namespace seedbed::nn
