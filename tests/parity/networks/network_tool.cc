// network_tool SETTINGS WEIGHTS INPUT OUTPUT (tool_job.h): activations of a network. SETTINGS has also any of: backend (none: the plain
// reference, all layers in one pass), layers (none: all). OUTPUT gets a tensor for each layer, by its name. Prints one JSON object: naming
// (of the weights), backends (what computed).
#include <set>
#include <string>

#include "core/base/status_macros.h"
#include "core/nn/backend.h"
#include "core/nn/network.h"
#include "core/nn/safetensors.h"
#include "tests/parity/networks/tool_job.h"

namespace seedbed::nn {
namespace {

using nlohmann::json;

size_t ValuesOf(const ToolJob& job, const std::string& layer) {
  return job.batch * static_cast<size_t>(graph::ElementsOf(job.graph.Find(layer)->output_shape));
}

using Activations = std::vector<std::vector<float>>;

absl::StatusOr<Activations> RunReference(const ToolJob& job) {
  SB_ASSIGN_OR_RETURN(const auto network, Network::Create(job.graph, ViewsOf(job.weights)));
  SetComputeThreads(job.threads);
  Activations activations;
  for (const std::string& layer : job.layers) activations.emplace_back(ValuesOf(job, layer));
  const std::vector<std::span<float>> outputs(activations.begin(), activations.end());
  SB_RETURN_IF_ERROR(network->RunInto(job.input, job.batch, job.layers, outputs));
  return activations;
}

absl::StatusOr<Activations> RunBackend(const ToolJob& job, const std::string& name, std::set<std::string>* used) {
  Activations activations;
  for (const std::string& layer : job.layers) {
    SB_ASSIGN_OR_RETURN(const auto backend,
                        MakeBackend(job.graph, ViewsOf(job.weights), {.backend = name, .layer = layer, .threads = job.threads}));
    activations.emplace_back(ValuesOf(job, layer));
    SB_RETURN_IF_ERROR(backend->Forward(job.input, job.batch, activations.back()));
    used->emplace(backend->name());
  }
  return activations;
}

absl::Status WriteActivations(const ToolJob& job, const Activations& activations, const std::string& path) {
  TensorViews views;
  for (size_t i = 0; i < job.layers.size(); ++i) {
    std::vector<int64_t> shape = {static_cast<int64_t>(job.batch)};
    const graph::Shape& output = job.graph.Find(job.layers[i])->output_shape;
    shape.insert(shape.end(), output.begin(), output.end());
    views.emplace(job.layers[i], TensorView{DType::kF32, shape, std::as_bytes(std::span(activations[i]))});
  }
  return WriteSafetensors(path, views, {});
}

absl::StatusOr<json> Run(const json& settings, const ToolPaths& paths) {
  SB_ASSIGN_OR_RETURN(const ToolJob job, LoadJob(settings, paths));
  std::set<std::string> used;
  const std::string backend = settings.value("backend", "");
  SB_ASSIGN_OR_RETURN(const Activations activations, backend.empty() ? RunReference(job) : RunBackend(job, backend, &used));
  SB_RETURN_IF_ERROR(WriteActivations(job, activations, paths.output));
  return json{{"naming", job.naming}, {"backends", used}};
}

}  // namespace
}  // namespace seedbed::nn

int main(int argc, char** argv) { return seedbed::nn::ToolMain(argc, argv, seedbed::nn::Run); }
