// network_bench FOLDER ARCH SIDE BATCH THREADS BACKEND: the forward pass of a frozen network without its top, timed on demand. Leaves
// graph.json, weights.safetensors (random) and input.safetensors in FOLDER for the peers, prints "ready NAME" with what computes, and then,
// for every line on its input, runs one batch and prints the seconds that it took and the pages that it had to be given ("0.0812 3").
// After the last line it writes output.safetensors.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/nn/backend.h"
#include "core/nn/safetensors.h"
#include "core/nn/weights.h"
#include "tests/bench/random_network.h"

namespace seedbed::nn {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  fs::path folder;
  std::string arch, backend;
  int64_t side = 0;
  size_t batch = 0;
  int threads = 0;
};

long PageFaults() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

absl::Status ServeBatches(Backend& backend, std::span<const float> input, size_t batch, std::span<float> output) {
  for (std::string line; std::getline(std::cin, line);) {
    const long faults = PageFaults();
    const auto begin = std::chrono::steady_clock::now();
    SB_RETURN_IF_ERROR(backend.Forward(input, batch, output));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("%.6f %ld\n", seconds.count(), PageFaults() - faults);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments) {
  SB_ASSIGN_OR_RETURN(const graph::Graph graph,
                      graph::BuildArchitecture(arguments.arch, {.input_shape = {arguments.side, arguments.side, 3}, .classes = 0}));
  const TensorMap weights = RandomWeights(graph);
  const auto values = arguments.batch * static_cast<size_t>(graph::ElementsOf(graph.input_shape()));
  const std::vector<float> input = RandomValues(values, 0, -1, 1);
  SB_RETURN_IF_ERROR(PublishFile(arguments.folder / "graph.json", graph.ToJson().dump()));
  SB_RETURN_IF_ERROR(WriteSafetensors(arguments.folder / "weights.safetensors", ViewsOf(weights), {}));
  SB_RETURN_IF_ERROR(WriteValues(arguments.folder / "input.safetensors", graph.input_shape(), arguments.batch, input));
  SB_ASSIGN_OR_RETURN(const auto backend,
                      MakeBackend(graph, ViewsOf(weights), {.backend = arguments.backend, .threads = arguments.threads}));
  std::printf("ready %s\n", std::string(backend->name()).c_str());
  std::fflush(stdout);
  std::vector<float> output(arguments.batch * backend->output_values());
  SB_RETURN_IF_ERROR(ServeBatches(*backend, input, arguments.batch, output));
  return WriteValues(arguments.folder / "output.safetensors", graph.output_shape(), arguments.batch, output);
}

}  // namespace
}  // namespace seedbed::nn

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: network_bench FOLDER ARCH SIDE BATCH THREADS BACKEND\n", stderr);
    return 2;
  }
  seedbed::nn::Arguments arguments = {.folder = argv[1], .arch = argv[2], .backend = argv[6]};
  if (!absl::SimpleAtoi(argv[3], &arguments.side) || !absl::SimpleAtoi(argv[4], &arguments.batch) ||
      !absl::SimpleAtoi(argv[5], &arguments.threads)) {
    std::fputs("SIDE, BATCH and THREADS must be numbers\n", stderr);
    return 2;
  }
  const absl::Status status = seedbed::nn::Run(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
