// network_tool SETTINGS WEIGHTS INPUT OUTPUT: activations of a network, for a Python peer to compare with its own. SETTINGS is a JSON
// object with arch, side, classes (0: without top), and any of: backend (none: the plain reference, all layers in one pass), layers (none:
// all), threads. WEIGHTS is a safetensors file in any naming that we know; INPUT one with a tensor "values" (images, height, width,
// channels). OUTPUT gets a tensor for each layer, by its name. Prints one JSON object: naming (of the weights), backends (what computed).
#include <cstdio>
#include <set>
#include <string>

#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/nn/backend.h"
#include "core/nn/naming.h"
#include "core/nn/network.h"
#include "core/nn/safetensors.h"
#include "nlohmann/json.hpp"

namespace seedbed::nn {
namespace {

using nlohmann::json;

struct Job {
  graph::Graph graph;
  TensorMap weights;
  std::vector<float> input;
  size_t batch = 0;
  std::vector<std::string> layers;
  int threads = 1;
};

size_t ValuesOf(const Job& job, const std::string& layer) {
  return job.batch * static_cast<size_t>(graph::ElementsOf(job.graph.Find(layer)->output_shape));
}

using Activations = std::vector<std::vector<float>>;

absl::StatusOr<Activations> RunReference(const Job& job) {
  SB_ASSIGN_OR_RETURN(const auto network, Network::Create(job.graph, ViewsOf(job.weights)));
  SetComputeThreads(job.threads);
  Activations activations;
  for (const std::string& layer : job.layers) activations.emplace_back(ValuesOf(job, layer));
  const std::vector<std::span<float>> outputs(activations.begin(), activations.end());
  SB_RETURN_IF_ERROR(network->RunInto(job.input, job.batch, job.layers, outputs));
  return activations;
}

absl::StatusOr<Activations> RunBackend(const Job& job, const std::string& name, std::set<std::string>* used) {
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

absl::Status WriteActivations(const Job& job, const Activations& activations, const std::string& path) {
  TensorViews views;
  for (size_t i = 0; i < job.layers.size(); ++i) {
    std::vector<int64_t> shape = {static_cast<int64_t>(job.batch)};
    const graph::Shape& output = job.graph.Find(job.layers[i])->output_shape;
    shape.insert(shape.end(), output.begin(), output.end());
    views.emplace(job.layers[i], TensorView{DType::kF32, shape, std::as_bytes(std::span(activations[i]))});
  }
  return WriteSafetensors(path, views, {});
}

std::vector<std::string> AllLayers(const graph::Graph& graph) {
  std::vector<std::string> names;
  for (const graph::ResolvedLayer& layer : graph.layers()) names.push_back(layer.layer.name);
  return names;
}

absl::StatusOr<json> Run(const json& settings, const std::string& weights_path, const std::string& input_path, const std::string& output) {
  const int64_t side = settings.value("side", 0);
  SB_ASSIGN_OR_RETURN(graph::Graph graph, graph::BuildArchitecture(settings.value("arch", ""), {.input_shape = {side, side, 3},
                                                                                                .classes = settings.value("classes", 0)}));
  SB_ASSIGN_OR_RETURN(const SafetensorsFile weights, SafetensorsFile::Open(weights_path));
  SB_ASSIGN_OR_RETURN(RenamedWeights renamed, RenameWeights(graph, weights.tensors(), {}));
  SB_ASSIGN_OR_RETURN(const SafetensorsFile input, SafetensorsFile::Open(input_path));
  const TensorView& images = input.tensors().at("values");
  Job job{.graph = graph,
          .weights = std::move(renamed.weights),
          .input = FloatsOf(images),
          .batch = static_cast<size_t>(images.shape[0]),
          .layers = settings.contains("layers") ? settings["layers"].get<std::vector<std::string>>() : AllLayers(graph),
          .threads = settings.value("threads", 2)};
  std::set<std::string> used;
  const std::string backend = settings.value("backend", "");
  SB_ASSIGN_OR_RETURN(const Activations activations, backend.empty() ? RunReference(job) : RunBackend(job, backend, &used));
  SB_RETURN_IF_ERROR(WriteActivations(job, activations, output));
  return json{{"naming", std::string(renamed.naming)}, {"backends", used}};
}

}  // namespace
}  // namespace seedbed::nn

int main(int argc, char** argv) {
  const nlohmann::json settings = nlohmann::json::parse(argc == 5 ? argv[1] : "", nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object()) {
    std::fputs("usage: network_tool SETTINGS-JSON WEIGHTS INPUT OUTPUT\n", stderr);
    return 2;
  }
  const auto result = seedbed::nn::Run(settings, argv[2], argv[3], argv[4]);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    return 1;
  }
  std::puts(result->dump().c_str());
  return 0;
}
