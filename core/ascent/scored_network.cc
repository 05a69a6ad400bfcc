#include "core/ascent/scored_network.h"

#include <algorithm>
#include <cmath>

#include "core/base/status_macros.h"

namespace seedbed::ascent {
namespace {

// Below it a class's probability has no gradient that single precision could follow, and above 1 less of it there is none left to gain.
constexpr double kHopeless = 1e-12;
constexpr double kCertain = 1 - 1e-7;

// The target's values for one picture: [place][channel].
struct Map {
  std::span<const float> values;
  size_t channels;
  size_t channel;  // the one that counts

  size_t places() const { return values.size() / channels; }
  double at(size_t place) const { return values[place * channels + channel]; }
};

double Activated(double value, const graph::Activation& activation) {
  return activation.rectified ? std::clamp<double>(value, 0, activation.ceiling) : value;
}

double MeanOf(const Map& map, const graph::Activation& activation) {
  double sum = 0;
  for (size_t place = 0; place < map.places(); ++place) sum += Activated(map.at(place), activation);
  return sum / static_cast<double>(map.places());
}

std::vector<double> Softmax(std::span<const float> values) {
  const double largest = *std::max_element(values.begin(), values.end());
  std::vector<double> shares(values.size());
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) total += shares[i] = std::exp(values[i] - largest);
  for (double& share : shares) share /= total;
  return shares;
}

// What the score's gradient by the values is like, before any network comes into it.
struct Slope {
  bool redirected = false;
  bool exhausted = false;  // no room for more
};

Slope ProbabilitySlope(const Map& map, std::span<float> gradient) {
  const std::vector<double> shares = Softmax(map.values);
  const double own = shares[map.channel];
  if (own < kHopeless) {
    gradient[map.channel] = 1;
    return {.redirected = true};
  }
  for (size_t i = 0; i < shares.size(); ++i) gradient[i] = static_cast<float>(own * ((i == map.channel ? 1 : 0) - shares[i]));
  return {.exhausted = own > kCertain};
}

Slope MeanSlope(const Map& map, const graph::Activation& activation, std::span<float> gradient) {
  Slope slope{.redirected = activation.rectified, .exhausted = activation.rectified};
  for (size_t place = 0; place < map.places(); ++place) {
    if (map.at(place) > 0) slope.redirected = false;
    if (map.at(place) < activation.ceiling) slope.exhausted = false;
  }
  const float share = 1 / static_cast<float>(map.places());
  for (size_t place = 0; place < map.places(); ++place) {
    const double value = map.at(place);
    const bool passes = !activation.rectified || slope.redirected || (value > 0 && value < activation.ceiling);
    if (passes) gradient[place * map.channels + map.channel] = share;
  }
  return slope;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScoredNetwork>> ScoredNetwork::Create(const graph::Objective& objective, const nn::TensorViews& weights,
                                                                     const ScoredNetworkOptions& options) {
  SB_ASSIGN_OR_RETURN(auto network,
                      nn::GradientNetwork::Create(objective.graph, weights, {.threads = options.threads, .backend = options.backend}));
  return std::unique_ptr<ScoredNetwork>(new ScoredNetwork(objective, std::move(network)));
}

absl::Status ScoredNetwork::Gradient(std::span<const float> input, std::span<const size_t> channels, std::span<float> gradient,
                                     std::span<Way> ways) const {
  std::vector<Slope> slopes(channels.size());
  const auto climb = [&](std::span<const float> values, std::span<float> by_values) {
    const size_t size = values.size() / channels.size();
    for (size_t i = 0; i < channels.size(); ++i) {
      const Map map{values.subspan(i * size, size), static_cast<size_t>(objective_.channels()), channels[i]};
      const std::span<float> own = by_values.subspan(i * size, size);
      slopes[i] = objective_.softmax ? ProbabilitySlope(map, own) : MeanSlope(map, objective_.activation, own);
    }
  };
  SB_RETURN_IF_ERROR(network_->Run(input, channels.size(), climb, /*values=*/{}, gradient));
  const size_t size = gradient.size() / channels.size();
  for (size_t i = 0; i < channels.size(); ++i) {
    const std::span<const float> own = gradient.subspan(i * size, size);
    const bool flat = std::all_of(own.begin(), own.end(), [](float value) { return value == 0; });
    ways[i] = flat && !slopes[i].exhausted ? Way::kBlocked : slopes[i].redirected ? Way::kRedirected : Way::kOpen;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Scored>> ScoredNetwork::Scores(std::span<const float> input, std::span<const size_t> channels) const {
  std::vector<Scored> scores(channels.size());
  const auto look = [&](std::span<const float> values, std::span<float>) {
    const size_t size = values.size() / channels.size();
    for (size_t i = 0; i < channels.size(); ++i) {
      const Map map{values.subspan(i * size, size), static_cast<size_t>(objective_.channels()), channels[i]};
      if (map.places() == 1) scores[i].probability = Softmax(map.values)[channels[i]];
      scores[i].score = objective_.softmax ? scores[i].probability : MeanOf(map, objective_.activation);
    }
  };
  SB_RETURN_IF_ERROR(network_->Run(input, channels.size(), look, /*values=*/{}, /*gradient=*/{}));
  return scores;
}

}  // namespace seedbed::ascent
