// What the tools have in common that run a network for a Python peer to compare with its own.
//
// TOOL SETTINGS WEIGHTS INPUT OUTPUT: SETTINGS is a JSON object with arch, side, classes (0: without top) and any of layers (none: all),
// threads; WEIGHTS a safetensors file in any naming that we know; INPUT one with a tensor "values" (images, height, width, channels).
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/nn/naming.h"
#include "core/nn/safetensors.h"
#include "nlohmann/json.hpp"

namespace seedbed::nn {

struct ToolPaths {
  std::string weights;
  std::string input;
  std::string output;
};

struct ToolJob {
  graph::Graph graph;
  TensorMap weights;
  std::string naming;  // of the weights
  std::vector<float> input;
  size_t batch = 0;
  std::vector<std::string> layers;
  int threads = 1;
};

inline absl::StatusOr<ToolJob> LoadJob(const nlohmann::json& settings, const ToolPaths& paths) {
  const int64_t side = settings.value("side", 0);
  SB_ASSIGN_OR_RETURN(graph::Graph graph, graph::BuildArchitecture(settings.value("arch", ""), {.input_shape = {side, side, 3},
                                                                                                .classes = settings.value("classes", 0)}));
  SB_ASSIGN_OR_RETURN(const SafetensorsFile weights, SafetensorsFile::Open(paths.weights));
  SB_ASSIGN_OR_RETURN(RenamedWeights renamed, RenameWeights(graph, weights.tensors(), {}));
  SB_ASSIGN_OR_RETURN(const SafetensorsFile input, SafetensorsFile::Open(paths.input));
  const TensorView& images = input.tensors().at("values");
  std::vector<std::string> layers;
  for (const graph::ResolvedLayer& layer : graph.layers()) layers.push_back(layer.layer.name);
  if (settings.contains("layers")) layers = settings["layers"].get<std::vector<std::string>>();
  return ToolJob{.graph = std::move(graph),
                 .weights = std::move(renamed.weights),
                 .naming = std::string(renamed.naming),
                 .input = FloatsOf(images),
                 .batch = static_cast<size_t>(images.shape[0]),
                 .layers = std::move(layers),
                 .threads = settings.value("threads", 2)};
}

// Prints what `run` gives, as JSON in one line.
template <typename Run>
int ToolMain(int argc, char** argv, Run run) {
  const nlohmann::json settings = nlohmann::json::parse(argc == 5 ? argv[1] : "", nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object()) {
    std::fprintf(stderr, "usage: %s SETTINGS-JSON WEIGHTS INPUT OUTPUT\n", argv[0]);
    return 2;
  }
  const auto result = run(settings, ToolPaths{.weights = argv[2], .input = argv[3], .output = argv[4]});
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    return 1;
  }
  std::puts(result->dump().c_str());
  return 0;
}

}  // namespace seedbed::nn
