#include "core/ascent/natural_picture.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/affine_grid_generator.h>
#include <ATen/ops/fft_irfft2.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/view_as_complex.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace seedbed::ascent {
namespace {

constexpr int64_t kColours = 3;
constexpr double kSpectrumDivisor = 4;  // brings the picture's values to where a sigmoid is not flat
// How the colours of photographs vary together, by rows for red, green and blue; divided by the longest column's length.
constexpr std::array<float, 9> kColourCorrelation = {0.26f, 0.09f, 0.02f, 0.27f, 0.00f, -0.05f, 0.27f, -0.09f, 0.03f};
constexpr double kLongestColumn = 0.461952378;

// What a picture pays, of a gradient of length 1, when all of its neighbours differ, or all of its colours are 0 or 1.
constexpr double kRoughnessPrice = 0.05;
constexpr double kColourPrice = 0.02;

// In cycles per pixel, as FFTs have them in order.
double Frequency(int64_t index, int64_t size) {
  return static_cast<double>(index <= size / 2 ? index : index - size) / static_cast<double>(size);
}

at::Tensor Copy(const float* values, const std::vector<int64_t>& shape) {
  return at::from_blob(const_cast<float*>(values), shape, at::TensorOptions().dtype(at::kFloat)).clone();
}

}  // namespace

Canvas::Canvas(int64_t height, int64_t width)
    : height_(height), width_(width), numbers_(static_cast<size_t>(kColours * height * (width / 2 + 1) * 2)) {
  const int64_t columns = width / 2 + 1;
  std::vector<float> weights;
  const double lowest = 1.0 / static_cast<double>(std::max(height, width));
  const double scale = std::sqrt(static_cast<double>(width * height)) / kSpectrumDivisor;
  for (int64_t row = 0; row < height; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const double frequency = std::hypot(Frequency(row, height), Frequency(column, width));
      weights.push_back(static_cast<float>(scale / std::max(frequency, lowest)));
    }
  }
  weights_ = Copy(weights.data(), {height, columns, 1});
  colours_ = at::div(Copy(kColourCorrelation.data(), {kColours, kColours}), kLongestColumn);
}

std::vector<int64_t> Canvas::SpectrumShape(size_t pictures) const {
  return {static_cast<int64_t>(pictures), kColours, height_, width_ / 2 + 1, 2};
}

at::Tensor Canvas::Paint(const at::Tensor& spectra) const {
  const at::Tensor weighted = at::view_as_complex(at::mul(spectra, weights_));
  const at::Tensor colours = at::fft_irfft2(weighted, at::IntArrayRef({height_, width_}));
  // RGB = correlation x colours, at each pixel.
  const at::Tensor rgb = at::matmul(colours_, colours.flatten(2));
  return at::sigmoid(rgb).view({spectra.size(0), kColours, height_, width_});
}

at::Tensor Look(const at::Tensor& pictures, const std::vector<View>& views) {
  constexpr int64_t kBilinear = 0, kZeros = 0;
  constexpr double kGrey = 0.5;
  // Where each of the view's pixels lies in the picture, whose sides go from -1 to 1.
  std::vector<float> places;
  const double aspect = static_cast<double>(pictures.size(3)) / static_cast<double>(pictures.size(2));
  for (const View& view : views) {
    const double cosine = std::cos(view.turn) / view.scale, sine = std::sin(view.turn) / view.scale;
    for (const double value : {cosine, -sine / aspect, -2 * view.right, sine * aspect, cosine, -2 * view.down}) {
      places.push_back(static_cast<float>(value));
    }
  }
  const at::Tensor theta = Copy(places.data(), {pictures.size(0), 2, 3});
  const at::Tensor grid = at::affine_grid_generator(theta, pictures.sizes(), /*align_corners=*/false);
  return at::add(at::grid_sampler_2d(at::sub(pictures, kGrey), grid, kBilinear, kZeros, /*align_corners=*/false), kGrey);
}

Preparation::Preparation(const image::Preprocessing& preprocessing, std::vector<float> mean_image, const graph::Shape& shape)
    : preprocessing_(preprocessing) {
  std::array<float, kColours> mean, std;
  std::copy(preprocessing.mean.begin(), preprocessing.mean.end(), mean.begin());
  std::copy(preprocessing.std.begin(), preprocessing.std.end(), std.begin());
  mean_ = Copy(mean.data(), {kColours});
  std_ = Copy(std.data(), {kColours});
  if (!mean_image.empty()) mean_image_ = Copy(mean_image.data(), shape);
}

at::Tensor Preparation::Standardized(const at::Tensor& values) const {
  if (preprocessing_.samplewise == image::Standardize::kNone) return values;
  const std::array<int64_t, 3> all = {1, 2, 3};
  const at::Tensor centred = at::sub(values, at::mean(values, all, /*keepdim=*/true));
  if (preprocessing_.samplewise == image::Standardize::kCenter) return centred;
  const at::Tensor deviation = at::sqrt(at::mean(at::mul(centred, centred), all, /*keepdim=*/true));
  return at::div(centred, at::add(deviation, image::kStdEpsilon));
}

at::Tensor Preparation::Prepare(const at::Tensor& pictures) const {
  constexpr double kWhite = 255;
  const at::Tensor rgb = at::mul(pictures.permute({0, 2, 3, 1}), kWhite * preprocessing_.rescale);
  const at::Tensor own = preprocessing_.channels == image::ChannelOrder::kBgr ? at::flip(rgb, {3}) : rgb;
  const at::Tensor prepared = at::div(at::sub(Standardized(own), mean_), std_);
  return mean_image_.defined() ? at::sub(prepared, mean_image_) : prepared;
}

at::Tensor Penalty(const at::Tensor& pictures) {
  const auto values = static_cast<double>(pictures.size(1) * pictures.size(2) * pictures.size(3));
  const auto roughness = [&](int64_t axis) {
    const int64_t steps = pictures.size(axis) - 1;
    return at::sum(at::abs(at::sub(pictures.narrow(axis, 1, steps), pictures.narrow(axis, 0, steps))));
  };
  const at::Tensor grey = at::sub(pictures, 0.5);
  const at::Tensor rough = at::mul(at::add(roughness(2), roughness(3)), kRoughnessPrice / std::sqrt(values));
  return at::add(rough, at::mul(at::sum(at::mul(grey, grey)), kColourPrice / std::sqrt(values)));
}

}  // namespace seedbed::ascent
