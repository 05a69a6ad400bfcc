#include "core/visualize/attribution/attribution.h"

#include <algorithm>
#include <cmath>

#include "core/base/philox.h"
#include "core/base/status_macros.h"

namespace seedbed::visualize {
namespace {

absl::Status Stopped() { return absl::CancelledError("the explanation was stopped"); }

// The gradient of one class's logit, for each example of a batch.
nn::TargetGradient OfClass(size_t class_index, size_t batch) {
  return [class_index, batch](std::span<const float> values, std::span<float> gradient) {
    const size_t classes = values.size() / batch;
    for (size_t example = 0; example < batch; ++example) gradient[example * classes + class_index] = 1.0f;
  };
}

size_t ChannelsOf(const nn::GradientNetwork& network) { return static_cast<size_t>(network.input_shape().back()); }

// sums[i] += max over channels of |gradient| at pixel i.
void AddLargest(std::span<const float> gradient, size_t channels, std::span<double> sums) {
  for (size_t pixel = 0; pixel < sums.size(); ++pixel) {
    float largest = 0;
    for (size_t c = 0; c < channels; ++c) largest = std::max(largest, std::abs(gradient[pixel * channels + c]));
    sums[pixel] += static_cast<double>(largest);
  }
}

void AddNoise(const SmoothGradOptions& options, size_t copy, double sigma, std::span<float> input) {
  // Synthetic pictures are drawn from such streams too; nothing follows from numbers that they share.
  RandomStream random(options.seed, RandomPurpose::kGenerate, copy);
  for (float& value : input) value += static_cast<float>(sigma * random.NextNormal());
}

std::vector<float> Scaled(std::span<const double> sums, double factor) {
  std::vector<float> values(sums.size());
  std::ranges::transform(sums, values.begin(), [factor](double sum) { return static_cast<float>(sum * factor); });
  return values;
}

}  // namespace

absl::StatusOr<std::vector<float>> Saliency(const nn::GradientNetwork& network, std::span<const float> input, size_t class_index) {
  std::vector<float> gradient(input.size());
  SB_RETURN_IF_ERROR(network.Run(input, 1, OfClass(class_index, 1), {}, gradient));
  std::vector<double> largest(input.size() / ChannelsOf(network), 0.0);
  AddLargest(gradient, ChannelsOf(network), largest);
  return Scaled(largest, 1.0);
}

absl::StatusOr<std::vector<float>> SmoothGrad(const nn::GradientNetwork& network, std::span<const float> input, size_t class_index,
                                              const SmoothGradOptions& options, const OnSteps& on_steps) {
  const auto [smallest, largest] = std::ranges::minmax(input);
  const double sigma = options.noise * (static_cast<double>(largest) - static_cast<double>(smallest));
  const size_t most = std::min(options.batch, options.samples);
  std::vector<float> copies(most * input.size()), gradients(copies.size());
  std::vector<double> sums(input.size() / ChannelsOf(network), 0.0);
  for (size_t first = 0; first < options.samples; first += most) {
    const size_t count = std::min(most, options.samples - first);
    for (size_t i = 0; i < count; ++i) {
      const std::span<float> copy = std::span(copies).subspan(i * input.size(), input.size());
      std::ranges::copy(input, copy.begin());
      AddNoise(options, first + i, sigma, copy);
    }
    const size_t values = count * input.size();
    SB_RETURN_IF_ERROR(
        network.Run(std::span(copies).first(values), count, OfClass(class_index, count), {}, std::span(gradients).first(values)));
    for (size_t i = 0; i < count; ++i) {
      AddLargest(std::span(gradients).subspan(i * input.size(), input.size()), ChannelsOf(network), sums);
    }
    if (on_steps && !on_steps(first + count)) return Stopped();
  }
  return Scaled(sums, 1.0 / static_cast<double>(options.samples));
}

absl::StatusOr<std::vector<float>> IntegratedGradients(const nn::GradientNetwork& network, std::span<const float> input,
                                                       std::span<const float> baseline, size_t class_index,
                                                       const IntegratedGradientsOptions& options, const OnSteps& on_steps) {
  const size_t most = std::min(options.batch, options.steps);
  std::vector<float> points(most * input.size()), gradients(points.size());
  std::vector<double> sums(input.size(), 0.0);  // of gradients
  for (size_t first = 0; first < options.steps; first += most) {
    const size_t count = std::min(most, options.steps - first);
    for (size_t i = 0; i < count; ++i) {
      const auto share = static_cast<float>((static_cast<double>(first + i) + 0.5) / static_cast<double>(options.steps));
      float* const point = &points[i * input.size()];
      for (size_t j = 0; j < input.size(); ++j) point[j] = baseline[j] + share * (input[j] - baseline[j]);
    }
    const size_t values = count * input.size();
    SB_RETURN_IF_ERROR(
        network.Run(std::span(points).first(values), count, OfClass(class_index, count), {}, std::span(gradients).first(values)));
    for (size_t i = 0; i < values; ++i) sums[i % input.size()] += static_cast<double>(gradients[i]);
    if (on_steps && !on_steps(first + count)) return Stopped();
  }
  const size_t channels = ChannelsOf(network);
  std::vector<double> map(input.size() / channels, 0.0);
  for (size_t i = 0; i < input.size(); ++i) {
    map[i / channels] += (static_cast<double>(input[i]) - static_cast<double>(baseline[i])) * sums[i];
  }
  return Scaled(map, 1.0 / static_cast<double>(options.steps));
}

absl::StatusOr<std::vector<float>> GradCam(const nn::GradientNetwork& network, std::span<const float> input, size_t class_index) {
  const size_t channels = static_cast<size_t>(network.shape().back());
  std::vector<float> maps(static_cast<size_t>(graph::ElementsOf(network.shape()))), gradient(maps.size());
  SB_RETURN_IF_ERROR(network.Run(input, 1, OfClass(class_index, 1), maps, gradient));
  const size_t positions = maps.size() / channels;
  std::vector<double> weights(channels, 0.0);
  for (size_t i = 0; i < gradient.size(); ++i) weights[i % channels] += static_cast<double>(gradient[i]);
  std::vector<float> map(positions);
  for (size_t position = 0; position < positions; ++position) {
    double sum = 0;
    for (size_t c = 0; c < channels; ++c) sum += weights[c] * static_cast<double>(maps[position * channels + c]);
    map[position] = static_cast<float>(std::max(0.0, sum / static_cast<double>(positions)));
  }
  return map;
}

}  // namespace seedbed::visualize
