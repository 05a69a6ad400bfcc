// A network that says how much pictures excite it, and which way is up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/objective.h"
#include "core/nn/gradient_network.h"
#include "core/nn/tensor.h"

namespace seedbed::ascent {

// Whether a picture's gradient leads anywhere.
enum class Way : uint8_t {
  kOpen,
  // The rectifier is 0 at every place, or the class as good as impossible: the gradient is that of the values before rectifier or softmax.
  kRedirected,
  // The gradient is 0 everywhere, though there would be room for more.
  kBlocked,
};

// The score of a channel is its mean over all places, behind the layer's rectifier; of a vector, its value; with a softmax its probability.
struct Scored {
  double score = 0;
  double probability = 0;  // the share of the channel in the softmax of a vector's values; 0 for others
};

struct ScoredNetworkOptions {
  int threads = 1;
  std::string backend = "auto";  // as nn::GradientOptions
};

// Thread-safe, as nn::GradientNetwork.
class ScoredNetwork {
 public:
  // INVALID_ARGUMENT when the weights do not fit the objective's graph.
  static absl::StatusOr<std::unique_ptr<ScoredNetwork>> Create(const graph::Objective& objective, const nn::TensorViews& weights,
                                                               const ScoredNetworkOptions& options);

  const graph::Shape& input_shape() const { return network_->input_shape(); }

  // Input i of a batch, prepared as the network takes it (height, width, channels), is there for channels[i]. Writes the gradient of its
  // score by it into gradient, of the size of `input`, and into ways[i] what it is worth.
  absl::Status Gradient(std::span<const float> input, std::span<const size_t> channels, std::span<float> gradient,
                        std::span<Way> ways) const;
  absl::StatusOr<std::vector<Scored>> Scores(std::span<const float> input, std::span<const size_t> channels) const;

 private:
  ScoredNetwork(graph::Objective objective, std::unique_ptr<nn::GradientNetwork> network)
      : objective_(std::move(objective)), network_(std::move(network)) {}

  const graph::Objective objective_;
  const std::unique_ptr<nn::GradientNetwork> network_;
};

}  // namespace seedbed::ascent
