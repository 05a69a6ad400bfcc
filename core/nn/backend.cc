#include "core/nn/backend.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/network.h"
#include "core/nn/weights.h"

namespace seedbed::nn {
namespace {

// The reference behind the interface.
class TorchBackend : public Backend {
 public:
  TorchBackend(std::unique_ptr<Network> network, const graph::Graph& graph, int threads)
      : network_(std::move(network)),
        layer_(graph.layers().back().layer.name),
        output_values_(static_cast<size_t>(graph::ElementsOf(graph.output_shape()))),
        threads_(threads) {}

  std::string_view name() const override { return "torch"; }
  size_t output_values() const override { return output_values_; }

  absl::Status Forward(std::span<const float> input, size_t batch, std::span<float> output) override {
    SetComputeThreads(threads_);
    return network_->RunInto(input, batch, {&layer_, 1}, {&output, 1});
  }

 private:
  const std::unique_ptr<Network> network_;
  const std::string layer_;
  const size_t output_values_;
  const int threads_;
};

absl::StatusOr<std::unique_ptr<Backend>> MakeTorchBackend(const graph::Graph& graph, const TensorViews& weights, int threads) {
  SB_ASSIGN_OR_RETURN(std::unique_ptr<Network> network, Network::Create(graph, weights));
  return std::make_unique<TorchBackend>(std::move(network), graph, threads);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const graph::Graph& graph, const TensorViews& weights, const BackendOptions& options) {
  SB_RETURN_IF_ERROR(CheckWeights(graph, weights));
  const std::string layer = options.layer.empty() ? graph.layers().back().layer.name : options.layer;
  SB_ASSIGN_OR_RETURN(const graph::Graph part, graph::CutAt(graph, layer));
  TensorViews needed;
  for (const graph::Parameter& parameter : part.parameters()) needed.emplace(parameter.name, weights.at(parameter.name));
  if (options.backend == "torch" || options.backend == "auto") return MakeTorchBackend(part, needed, options.threads);
  return absl::InvalidArgumentError(absl::StrCat("there is no backend '", options.backend, "'"));
}

}  // namespace seedbed::nn
