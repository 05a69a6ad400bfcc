#include "core/ascent/maximizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/ascent/reference_ascent.h"
#include "core/base/status_macros.h"
#include "core/image/pixel_scaler.h"

namespace seedbed::ascent {
namespace {

absl::Status CheckInput(const graph::Shape& shape, size_t mean_values) {
  if (shape.size() != 3 || shape[2] != 3) {
    return absl::InvalidArgumentError(absl::StrCat("the network takes ", graph::FormatShape(shape), ", which is no picture"));
  }
  if (mean_values == 0 || mean_values == static_cast<size_t>(graph::ElementsOf(shape))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the model subtracts a mean image of another size than ", graph::FormatShape(shape), "; leave out the size"));
}

}  // namespace

Maximizer::Maximizer(std::unique_ptr<ScoredNetwork> network, std::unique_ptr<Ascent> ascent, const image::Preprocessing& preprocessing,
                     std::vector<float> mean_image, const MaximizerOptions& options)
    : network_(std::move(network)),
      ascent_(std::move(ascent)),
      preprocessing_(preprocessing),
      mean_image_(std::move(mean_image)),
      options_(options) {}

absl::StatusOr<Maximizer> Maximizer::Create(const graph::Objective& objective, const nn::TensorViews& weights,
                                            const image::Preprocessing& preprocessing, std::vector<float> mean_image,
                                            const MaximizerOptions& options) {
  SB_RETURN_IF_ERROR(CheckInput(objective.graph.input_shape(), mean_image.size()));
  SB_ASSIGN_OR_RETURN(auto network, ScoredNetwork::Create(objective, weights, {.threads = options.threads}));
  const AscentOptions ascent_options{.step_size = options.step_size, .seed = options.seed};
  std::unique_ptr<Ascent> ascent;
  if (options.mode == Mode::kReference) {
    ascent = std::make_unique<ReferenceAscent>(network.get(), preprocessing.channels, ascent_options);
  } else {
    SB_ASSIGN_OR_RETURN(ascent, MakeNaturalAscent(network.get(), preprocessing, mean_image, ascent_options));
  }
  return Maximizer(std::move(network), std::move(ascent), preprocessing, std::move(mean_image), options);
}

absl::StatusOr<std::vector<MaximizedPicture>> Maximizer::Run(std::span<const size_t> channels, const OnStep& on_step) {
  std::vector<MaximizedPicture> done;
  for (size_t first = 0; first < channels.size(); first += options_.batch) {
    const size_t count = std::min(options_.batch, channels.size() - first);
    SB_RETURN_IF_ERROR(RunBatch(channels.subspan(first, count), on_step, &done));
  }
  return done;
}

absl::Status Maximizer::RunBatch(std::span<const size_t> channels, const OnStep& on_step, std::vector<MaximizedPicture>* done) {
  const auto pictures = [&] {
    std::vector<image::Image> all;
    for (size_t i = 0; i < channels.size(); ++i) all.push_back(ascent_->Picture(i));
    return all;
  };
  ascent_->Start(channels);
  SB_ASSIGN_OR_RETURN(const std::vector<Scored> start, Score(pictures(), channels));
  const auto picture = [this](size_t i) { return ascent_->Picture(i); };
  for (int step = 1; step <= options_.steps; ++step) {
    SB_RETURN_IF_ERROR(ascent_->Step());
    const Moment moment{.first = done->size(), .count = channels.size(), .step = step, .picture = picture, .done = *done};
    if (!on_step(moment)) return absl::CancelledError("the ascent was cancelled");
  }
  std::vector<image::Image> reached = pictures();
  SB_ASSIGN_OR_RETURN(const std::vector<Scored> end, Score(reached, channels));
  for (size_t i = 0; i < channels.size(); ++i) done->push_back({std::move(reached[i]), end[i], start[i], ascent_->hindrances(i)});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Scored>> Maximizer::Score(std::span<const image::Image> pictures, std::span<const size_t> channels) const {
  const image::PixelScaler scaler(preprocessing_, mean_image_);
  const size_t size = pictures[0].rgb.size();
  std::vector<float> input(pictures.size() * size);
  for (size_t i = 0; i < pictures.size(); ++i) scaler.Apply(pictures[i].rgb, std::span(input).subspan(i * size, size));
  return network_->Scores(input, channels);
}

}  // namespace seedbed::ascent
