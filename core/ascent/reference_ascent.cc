#include "core/ascent/reference_ascent.h"

#include <algorithm>
#include <cmath>

#include "core/base/status_macros.h"

namespace seedbed::ascent {
namespace {

constexpr double kEpsilon = 1e-7;
constexpr double kContrast = 0.1;  // of the shown picture: standard deviation around the middle of 0..1

double MeanOf(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double MeanSquareOf(std::span<const float> values, double middle) {
  double sum = 0;
  for (const float value : values) sum += (value - middle) * (value - middle);
  return sum / static_cast<double>(values.size());
}

}  // namespace

ReferenceAscent::ReferenceAscent(const ScoredNetwork* network, image::ChannelOrder channels, const AscentOptions& options)
    : Ascent(network, options),
      swap_(channels == image::ChannelOrder::kBgr),
      size_(static_cast<size_t>(graph::ElementsOf(network->input_shape()))) {}

void ReferenceAscent::Resize(size_t pictures) {
  values_.resize(pictures * size_);
  gradient_.resize(values_.size());
}

void ReferenceAscent::Begin(size_t i) {
  RandomStream random = Draw(i);
  for (float& value : std::span(values_).subspan(i * size_, size_)) value = random.NextUniform();
}

absl::Status ReferenceAscent::Climb() {
  SB_RETURN_IF_ERROR(Gradient(values_, gradient_));
  for (size_t first = 0; first < values_.size(); first += size_) {
    const std::span<const float> gradient = std::span(gradient_).subspan(first, size_);
    const auto step = static_cast<float>(options_.step_size / (std::sqrt(MeanSquareOf(gradient, 0)) + kEpsilon));
    for (size_t i = 0; i < size_; ++i) values_[first + i] += step * gradient[i];
  }
  return absl::OkStatus();
}

image::Image ReferenceAscent::Picture(size_t i) const {
  const graph::Shape& shape = network_.input_shape();
  const std::span<const float> values = std::span(values_).subspan(i * size_, size_);
  const double mean = MeanOf(values), scale = kContrast / (std::sqrt(MeanSquareOf(values, mean)) + kEpsilon);
  image::Image picture{static_cast<int>(shape[1]), static_cast<int>(shape[0]), std::vector<uint8_t>(size_)};
  for (size_t pixel = 0; pixel < size_; pixel += 3) {
    for (size_t channel = 0; channel < 3; ++channel) {
      const double value = (values[pixel + (swap_ ? 2 - channel : channel)] - mean) * scale + 0.5;
      picture.rgb[pixel + channel] = static_cast<uint8_t>(std::clamp(value, 0.0, 1.0) * 255);
    }
  }
  return picture;
}

}  // namespace seedbed::ascent
