#include "core/nn/backend.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/network.h"
#include "core/nn/openvino_backend.h"
#include "core/nn/weights.h"
#include "core/nn/winograd_network.h"

namespace seedbed::nn {
namespace {

// What LibTorch runs, behind the interface.
class NetworkBackend : public Backend {
 public:
  NetworkBackend(std::string name, std::unique_ptr<Network> network, const graph::Graph& graph, int threads)
      : name_(std::move(name)),
        network_(std::move(network)),
        layer_(graph.layers().back().layer.name),
        output_values_(static_cast<size_t>(graph::ElementsOf(graph.output_shape()))),
        threads_(threads) {}

  std::string_view name() const override { return name_; }
  size_t output_values() const override { return output_values_; }

  absl::Status Forward(std::span<const float> input, size_t batch, std::span<float> output) override {
    SetComputeThreads(threads_);
    return network_->RunInto(input, batch, {&layer_, 1}, {&output, 1});
  }

 private:
  const std::string name_;
  const std::unique_ptr<Network> network_;
  const std::string layer_;
  const size_t output_values_;
  const int threads_;
};

absl::StatusOr<std::unique_ptr<Backend>> MakeTorchBackend(const graph::Graph& graph, const TensorViews& weights, int threads) {
  SB_ASSIGN_OR_RETURN(std::unique_ptr<Network> network, Network::Create(graph, weights));
  return std::make_unique<NetworkBackend>("torch", std::move(network), graph, threads);
}

absl::StatusOr<std::unique_ptr<Backend>> MakeWinogradBackend(const graph::Graph& graph, const TensorViews& weights, int threads) {
  SB_ASSIGN_OR_RETURN(std::unique_ptr<Network> network, MakeWinogradNetwork(graph, weights, threads));
  return std::make_unique<NetworkBackend>("winograd", std::move(network), graph, threads);
}

class CheckBackend : public Backend {
 public:
  CheckBackend(std::unique_ptr<Backend> subject, std::unique_ptr<Backend> reference, std::string layer, double tolerance)
      : subject_(std::move(subject)), reference_(std::move(reference)), layer_(std::move(layer)), tolerance_(tolerance) {}

  // Its output is the subject's.
  std::string_view name() const override { return subject_->name(); }
  size_t output_values() const override { return subject_->output_values(); }

  absl::Status Forward(std::span<const float> input, size_t batch, std::span<float> output) override {
    SB_RETURN_IF_ERROR(subject_->Forward(input, batch, output));
    expected_.resize(output.size());
    SB_RETURN_IF_ERROR(reference_->Forward(input, batch, expected_));
    return Compare(output);
  }

 private:
  absl::Status Compare(std::span<const float> output) const {
    float largest = 0;
    for (const float value : expected_) largest = std::max(largest, std::abs(value));
    double worst = 0;
    size_t place = 0;
    for (size_t i = 0; i < output.size(); ++i) {
      const double difference = std::abs(static_cast<double>(output[i]) - expected_[i]);
      // Written so that a NaN counts as too far.
      if (!(difference <= worst)) {
        worst = difference;
        place = i;
      }
      if (std::isnan(difference)) break;
    }
    if (worst <= tolerance_ * largest) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("layer '", layer_, "': ", ToAbsl(subject_->name()), " and ", ToAbsl(reference_->name()),
                                            " differ by ", worst / largest, " of the largest value, which is more than ", tolerance_,
                                            ": in image ", place / output_values(), ", value ", place % output_values(), ", ",
                                            output[place], " against ", expected_[place]));
  }

  const std::unique_ptr<Backend> subject_, reference_;
  const std::string layer_;
  const double tolerance_;
  std::vector<float> expected_;
};

using Maker = absl::StatusOr<std::unique_ptr<Backend>> (*)(const graph::Graph&, const TensorViews&, int threads);

// Without any there is nothing to fold, fuse or reorder.
bool HasConvolutions(const graph::Graph& graph) {
  return std::any_of(graph.layers().begin(), graph.layers().end(), [](const graph::ResolvedLayer& layer) {
    return layer.layer.type == "conv2d" || layer.layer.type == "depthwise_conv2d";
  });
}

absl::StatusOr<std::unique_ptr<Backend>> MakeFastest(const graph::Graph& graph, const TensorViews& weights, int threads) {
  if (!HasConvolutions(graph)) return MakeTorchBackend(graph, weights, threads);
  if (PrefersWinograd(graph)) return MakeWinogradBackend(graph, weights, threads);
  absl::StatusOr<std::unique_ptr<Backend>> backend = MakeOpenvinoBackend(graph, weights, threads);
  return backend.ok() ? std::move(backend) : MakeTorchBackend(graph, weights, threads);
}

absl::StatusOr<std::unique_ptr<Backend>> MakeChecked(const graph::Graph& graph, const TensorViews& weights, int threads) {
  SB_ASSIGN_OR_RETURN(std::unique_ptr<Backend> subject, MakeFastest(graph, weights, threads));
  SB_ASSIGN_OR_RETURN(std::unique_ptr<Backend> reference, MakeTorchBackend(graph, weights, threads));
  return MakeCheckBackend(std::move(subject), std::move(reference), graph.layers().back().layer.name, kCheckTolerance);
}

absl::StatusOr<Maker> FindMaker(const std::string& name) {
  static const std::map<std::string, Maker> makers = {{"auto", MakeFastest},
                                                      {"check", MakeChecked},
                                                      {"openvino", MakeOpenvinoBackend},
                                                      {"torch", MakeTorchBackend},
                                                      {"winograd", MakeWinogradBackend}};
  if (const auto found = makers.find(name); found != makers.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, maker] : makers) names.push_back(known);
  return absl::InvalidArgumentError(
      absl::StrCat("there is no backend '", name, "'", DidYouMean(name, names, "."), " There are ", absl::StrJoin(names, ", ")));
}

}  // namespace

std::unique_ptr<Backend> MakeCheckBackend(std::unique_ptr<Backend> subject, std::unique_ptr<Backend> reference, std::string layer,
                                          double tolerance) {
  return std::make_unique<CheckBackend>(std::move(subject), std::move(reference), std::move(layer), tolerance);
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const graph::Graph& graph, const TensorViews& weights, const BackendOptions& options) {
  SB_ASSIGN_OR_RETURN(const Maker maker, FindMaker(options.backend));
  SB_RETURN_IF_ERROR(CheckWeights(graph, weights));
  const std::string layer = options.layer.empty() ? graph.layers().back().layer.name : options.layer;
  SB_ASSIGN_OR_RETURN(const graph::Graph part, graph::CutAt(graph, layer));
  return maker(part, WeightsOf(part, weights), options.threads);
}

}  // namespace seedbed::nn
