// summary_tool SETTINGS: prints what is known of a network, as one JSON object: layers (name, type, output_shape, parameters, trainable),
// weights (name, shape, statistic), total, trainable and non_trainable. SETTINGS is a JSON object with arch, side, and any of: classes
// (0: without top), head (a list of layers for as many classes as head_classes), trainable (a list of patterns).
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/graph/edit.h"

namespace seedbed::graph {
namespace {

using nlohmann::json;

absl::StatusOr<Graph> GraphOf(const json& settings) {
  const int64_t side = settings.value("side", 0);
  SB_ASSIGN_OR_RETURN(Graph graph, BuildArchitecture(settings.value("arch", ""),
                                                     {.input_shape = {side, side, 3}, .classes = settings.value("classes", int64_t{0})}));
  if (settings.contains("head")) {
    SB_ASSIGN_OR_RETURN(graph, AppendHead(graph, settings["head"], settings.value("head_classes", int64_t{0})));
  }
  if (settings.contains("trainable")) return SetTrainable(graph, settings["trainable"].get<std::vector<std::string>>());
  return graph;
}

json Describe(const Graph& graph) {
  json layers = json::array(), weights = json::array();
  for (const SummaryRow& row : graph.Summary()) {
    layers.push_back({{"name", row.name},
                      {"type", row.type},
                      {"output_shape", row.output_shape},
                      {"parameters", row.parameters},
                      {"trainable", row.trainable}});
  }
  for (const Parameter& parameter : graph.parameters()) {
    weights.push_back({{"name", parameter.name}, {"shape", parameter.shape}, {"statistic", parameter.statistic}});
  }
  return {{"layers", layers},
          {"weights", weights},
          {"total", graph.parameter_count()},
          {"trainable", graph.trainable_parameter_count()},
          {"non_trainable", graph.non_trainable_parameter_count()}};
}

}  // namespace
}  // namespace seedbed::graph

int main(int argc, char** argv) {
  const nlohmann::json settings = nlohmann::json::parse(argc == 2 ? argv[1] : "", nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object()) {
    std::fputs("usage: summary_tool SETTINGS-JSON\n", stderr);
    return 2;
  }
  const auto graph = seedbed::graph::GraphOf(settings);
  if (!graph.ok()) {
    std::fprintf(stderr, "%s\n", graph.status().ToString().c_str());
    return 1;
  }
  std::puts(seedbed::graph::Describe(*graph).dump().c_str());
  return 0;
}
