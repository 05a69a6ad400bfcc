// explain_bench ARCH SIDE THREADS ROUNDS: what explanations cost, in turn so that what else the machine does meets all alike. Prints one
// JSON object of medians in seconds: forward (the logits of one image), gradcam (for it), batched and single (integrated gradients of 50
// steps, several at a time and one by one).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/graph/spatial_layers.h"
#include "core/nn/gradient_network.h"
#include "core/nn/weights.h"
#include "core/visualize/attribution/attribution.h"
#include "nlohmann/json.hpp"

namespace seedbed::visualize {
namespace {

constexpr int64_t kClasses = 12;
constexpr size_t kSteps = 50;
constexpr size_t kBatch = 8;  // as the job has it

struct Arguments {
  std::string arch;
  int64_t side = 0;
  int threads = 0;
  int rounds = 0;
};

using Networks = std::pair<std::unique_ptr<nn::GradientNetwork>, std::unique_ptr<nn::GradientNetwork>>;

// By the input, and by the last layer with height and width.
absl::StatusOr<Networks> MakeNetworks(const Arguments& arguments) {
  SB_ASSIGN_OR_RETURN(const graph::Graph graph,
                      graph::BuildArchitecture(arguments.arch, {.input_shape = {arguments.side, arguments.side, 3}, .classes = kClasses}));
  const nn::TensorMap weights = nn::InitializeWeights(graph, 1);
  nn::GradientOptions options{.target = graph::LogitsLayer(graph).layer.name, .threads = arguments.threads};
  Networks networks;
  SB_ASSIGN_OR_RETURN(networks.first, nn::GradientNetwork::Create(graph, nn::ViewsOf(weights), options));
  options.with_respect_to = graph::LastSpatialLayer(graph)->layer.name;
  SB_ASSIGN_OR_RETURN(networks.second, nn::GradientNetwork::Create(graph, nn::ViewsOf(weights), options));
  return networks;
}

using Work = std::function<absl::Status()>;

absl::StatusOr<nlohmann::json> Medians(const std::map<std::string, Work>& works, int rounds) {
  std::map<std::string, std::vector<double>> seconds;
  for (int round = 0; round <= rounds; ++round) {  // the first one warms up
    for (const auto& [name, work] : works) {
      const auto begin = std::chrono::steady_clock::now();
      SB_RETURN_IF_ERROR(work());
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      if (round > 0) seconds[name].push_back(took.count());
    }
  }
  nlohmann::json medians;
  for (auto& [name, values] : seconds) {
    std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(values.size() / 2));
    medians[name] = values[values.size() / 2];
  }
  return medians;
}

absl::Status Run(const Arguments& arguments) {
  SB_ASSIGN_OR_RETURN(const Networks networks, MakeNetworks(arguments));
  const nn::GradientNetwork &by_input = *networks.first, &by_layer = *networks.second;
  RandomStream random(1, RandomPurpose::kGenerate);
  std::vector<float> input(static_cast<size_t>(graph::ElementsOf(by_input.input_shape()))), black(input.size());
  for (float& value : input) value = 2 * random.NextUniform() - 1;
  const auto integrate = [&](size_t batch) {
    return [&, batch] { return IntegratedGradients(by_input, input, black, 0, {.steps = kSteps, .batch = batch}, nullptr).status(); };
  };
  const std::map<std::string, Work> works = {
      {"forward", [&] { return by_layer.Run(input, 1, [](auto, auto) {}, {}, {}); }},
      {"gradcam", [&] { return GradCam(by_layer, input, 0).status(); }},
      {"batched", integrate(kBatch)},
      {"single", integrate(1)},
  };
  SB_ASSIGN_OR_RETURN(const nlohmann::json medians, Medians(works, arguments.rounds));
  std::puts(medians.dump().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace seedbed::visualize

int main(int argc, char** argv) {
  seedbed::visualize::Arguments arguments;
  if (argc == 5) arguments.arch = argv[1];
  if (argc != 5 || !absl::SimpleAtoi(argv[2], &arguments.side) || !absl::SimpleAtoi(argv[3], &arguments.threads) ||
      !absl::SimpleAtoi(argv[4], &arguments.rounds)) {
    std::fputs("usage: explain_bench ARCH SIDE THREADS ROUNDS\n", stderr);
    return 2;
  }
  const absl::Status status = seedbed::visualize::Run(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
