#include <ATen/ops/mul.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>

#include "core/ascent/ascent.h"
#include "core/ascent/natural_picture.h"
#include "core/base/status_macros.h"
#include "core/nn/torch_errors.h"
#include "core/nn/torch_pch.h"

namespace seedbed::ascent {
namespace {

constexpr double kStartDeviation = 0.01;  // of the spectrum's numbers
// Adam's.
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kAdamEpsilon = 1e-8;
// How far the network's view of the picture may be off, on both sides.
constexpr double kMostJitter = 1.0 / 28;  // of the side: 8 pixels of 224
constexpr double kMostScale = 0.1;
constexpr double kMostTurn = 10 * std::numbers::pi / 180;
constexpr double kStraight = 0.2;  // the share of views that are not turned

class NaturalAscent : public Ascent {
 public:
  NaturalAscent(const ScoredNetwork* network, const image::Preprocessing& preprocessing, std::vector<float> mean_image,
                const AscentOptions& options)
      : Ascent(network, options),
        canvas_(network->input_shape()[0], network->input_shape()[1]),
        preparation_(preprocessing, std::move(mean_image), network->input_shape()) {}

  image::Image Picture(size_t i) const override {
    const at::Tensor picture = canvas_.Paint(Spectra().narrow(0, static_cast<int64_t>(i), 1)).permute({0, 2, 3, 1}).contiguous();
    image::Image image{static_cast<int>(picture.size(2)), static_cast<int>(picture.size(1)), {}};
    image.rgb.resize(static_cast<size_t>(picture.numel()));
    const float* const values = picture.const_data_ptr<float>();
    for (size_t k = 0; k < image.rgb.size(); ++k) image.rgb[k] = static_cast<uint8_t>(std::lround(std::clamp(values[k], 0.0f, 1.0f) * 255));
    return image;
  }

 protected:
  void Resize(size_t pictures) override {
    for (std::vector<float>* numbers : {&spectra_, &first_, &second_}) numbers->assign(pictures * canvas_.numbers(), 0);
    steps_.assign(pictures, 0);
  }

  void Begin(size_t i) override {
    RandomStream random = Draw(i);
    const size_t first = i * canvas_.numbers();
    for (size_t k = first; k < first + canvas_.numbers(); ++k) {
      spectra_[k] = static_cast<float>(kStartDeviation * random.NextNormal());
      first_[k] = second_[k] = 0;
    }
    steps_[i] = 0;
  }

  absl::Status Climb() override {
    return nn::WithoutExceptions([&]() -> absl::Status {
      at::Tensor spectra = Spectra();
      spectra.requires_grad_();
      const at::Tensor pictures = canvas_.Paint(spectra);
      SB_ASSIGN_OR_RETURN(const at::Tensor uphill, Uphill(pictures.detach()));
      // The gradient of this is uphill, less what roughness and strong colours cost.
      at::sub(at::sum(at::mul(pictures, uphill)), Penalty(pictures)).backward();
      const at::Tensor gradient = spectra.grad().contiguous();
      for (size_t i = 0; i < steps_.size(); ++i) Move(i, gradient.const_data_ptr<float>());
      return absl::OkStatus();
    });
  }

 private:
  // (picture, colour, row, column, 2): looks at the numbers.
  at::Tensor Spectra() const {
    return at::from_blob(const_cast<float*>(spectra_.data()), canvas_.SpectrumShape(pictures()), at::TensorOptions().dtype(at::kFloat));
  }

  // Of each picture the gradient of its score, in RGB, of length 1: then the penalties weigh as much for every layer of every network.
  absl::StatusOr<at::Tensor> Uphill(const at::Tensor& pictures) {
    const at::Tensor seen = pictures.clone();
    seen.requires_grad_();
    const at::Tensor input = preparation_.Prepare(Look(seen, Views())).contiguous();
    const at::Tensor gradient = at::zeros(input.sizes(), at::kFloat);
    const auto count = static_cast<size_t>(input.numel());
    SB_RETURN_IF_ERROR(Gradient({input.const_data_ptr<float>(), count}, {gradient.data_ptr<float>(), count}));
    input.backward(gradient);
    const at::Tensor length = at::sqrt(at::sum(at::mul(seen.grad(), seen.grad()), {1, 2, 3}, /*keepdim=*/true));
    return at::div(seen.grad(), at::add(length, kLeastLength));
  }

  std::vector<View> Views() const {
    std::vector<View> views;
    for (size_t i = 0; i < pictures(); ++i) {
      RandomStream random = Draw(i);
      View& view = views.emplace_back();
      view.right = random.NextUniformDouble(-kMostJitter, kMostJitter);
      view.down = random.NextUniformDouble(-kMostJitter, kMostJitter);
      view.scale = 1 + random.NextUniformDouble(-kMostScale, kMostScale);
      if (random.NextUniform() >= kStraight) view.turn = random.NextUniformDouble(-kMostTurn, kMostTurn);
    }
    return views;
  }

  // Adam, uphill.
  void Move(size_t i, const float* gradient) {
    ++steps_[i];
    const double correct1 = 1 - std::pow(kBeta1, steps_[i]), correct2 = 1 - std::pow(kBeta2, steps_[i]);
    const size_t first = i * canvas_.numbers();
    for (size_t k = first; k < first + canvas_.numbers(); ++k) {
      const double slope = gradient[k];
      const double mean = kBeta1 * first_[k] + (1 - kBeta1) * slope, square = kBeta2 * second_[k] + (1 - kBeta2) * slope * slope;
      first_[k] = static_cast<float>(mean);
      second_[k] = static_cast<float>(square);
      spectra_[k] += static_cast<float>(options_.step_size * (mean / correct1) / (std::sqrt(square / correct2) + kAdamEpsilon));
    }
  }

  static constexpr double kLeastLength = 1e-30;

  const Canvas canvas_;
  const Preparation preparation_;
  std::vector<float> spectra_;         // [picture][canvas_.numbers()]
  std::vector<float> first_, second_;  // Adam's moments of them
  std::vector<int> steps_;             // of each picture, since it began
};

}  // namespace

absl::StatusOr<std::unique_ptr<Ascent>> MakeNaturalAscent(const ScoredNetwork* network, const image::Preprocessing& preprocessing,
                                                          std::vector<float> mean_image, const AscentOptions& options) {
  return nn::WithoutExceptions([&]() -> absl::StatusOr<std::unique_ptr<Ascent>> {
    return std::make_unique<NaturalAscent>(network, preprocessing, std::move(mean_image), options);
  });
}

}  // namespace seedbed::ascent
