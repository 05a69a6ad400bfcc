// ascent_bench FOLDER LAYER SIDE PICTURES THREADS BACKEND: the reference workload's ascent for the first PICTURES filters of a layer of
// VGG16, as one batch, timed on demand. Leaves weights.safetensors (random) and start.safetensors in FOLDER for the peers, prints
// "ready BACKEND", and then, for every line on its input, makes one step and prints the seconds that it took. After the first one it
// writes first.safetensors.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "core/ascent/reference_ascent.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/nn/weights.h"
#include "tests/bench/random_network.h"

namespace seedbed::ascent {
namespace {

namespace fs = std::filesystem;

constexpr double kStepSize = 0.1;

struct Arguments {
  fs::path folder;
  std::string layer, backend;
  int64_t side = 0;
  size_t pictures = 0;
  int threads = 0;
};

absl::Status Run(const Arguments& arguments) {
  SB_ASSIGN_OR_RETURN(const graph::Graph whole,
                      graph::BuildArchitecture("vgg16", {.input_shape = {arguments.side, arguments.side, 3}, .classes = 0}));
  SB_ASSIGN_OR_RETURN(const graph::Objective objective, graph::ObjectiveOf(whole, arguments.layer));
  const nn::TensorMap weights = nn::RandomWeights(objective.graph);
  SB_RETURN_IF_ERROR(nn::WriteSafetensors(arguments.folder / "weights.safetensors", nn::ViewsOf(weights), {}));
  SB_ASSIGN_OR_RETURN(const auto network,
                      ScoredNetwork::Create(objective, nn::ViewsOf(weights), {.threads = arguments.threads, .backend = arguments.backend}));
  ReferenceAscent ascent(network.get(), image::ChannelOrder::kRgb, {.step_size = kStepSize});
  std::vector<size_t> channels(arguments.pictures);
  std::iota(channels.begin(), channels.end(), size_t{0});
  ascent.Start(channels);
  const auto write = [&](const char* name) {
    return nn::WriteValues(arguments.folder / name, network->input_shape(), channels.size(), ascent.values());
  };
  SB_RETURN_IF_ERROR(write("start.safetensors"));
  std::printf("ready %s\n", arguments.backend.c_str());
  std::fflush(stdout);
  bool written = false;
  for (std::string line; std::getline(std::cin, line);) {
    const auto begin = std::chrono::steady_clock::now();
    SB_RETURN_IF_ERROR(ascent.Step());
    std::printf("%.6f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    std::fflush(stdout);
    if (!std::exchange(written, true)) SB_RETURN_IF_ERROR(write("first.safetensors"));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace seedbed::ascent

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: ascent_bench FOLDER LAYER SIDE PICTURES THREADS BACKEND\n", stderr);
    return 2;
  }
  seedbed::ascent::Arguments arguments = {.folder = argv[1], .layer = argv[2], .backend = argv[6]};
  if (!absl::SimpleAtoi(argv[3], &arguments.side) || !absl::SimpleAtoi(argv[4], &arguments.pictures) ||
      !absl::SimpleAtoi(argv[5], &arguments.threads)) {
    std::fputs("SIDE, PICTURES and THREADS must be numbers\n", stderr);
    return 2;
  }
  const absl::Status status = seedbed::ascent::Run(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
