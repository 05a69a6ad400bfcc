// In the place of what needs LibTorch, in a build without it: the rest of the program is built and tested all the same.
#include "core/nn/gradient_network.h"
#include "core/nn/network.h"
#include "core/nn/torchscript.h"
#include "core/nn/winograd_network.h"

namespace seedbed::nn {
namespace {

absl::Status Missing() { return absl::UnimplementedError("this build has no LibTorch, which runs networks"); }

}  // namespace

void SetComputeThreads(int) {}

absl::StatusOr<std::unique_ptr<Network>> Network::Create(const graph::Graph&, const TensorViews&) { return Missing(); }

absl::StatusOr<std::unique_ptr<GradientNetwork>> GradientNetwork::Create(const graph::Graph&, const TensorViews&, const GradientOptions&) {
  return Missing();
}

bool PrefersWinograd(const graph::Graph&) { return false; }

absl::StatusOr<std::unique_ptr<Network>> MakeWinogradNetwork(const graph::Graph&, const TensorViews&, int) { return Missing(); }

absl::Status WriteTorchScript(const std::filesystem::path&, const SavedModel&) { return Missing(); }

}  // namespace seedbed::nn
