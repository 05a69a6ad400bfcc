// Between the numbers that an ascent moves and what the network sees, each step differentiable. Only for files that include LibTorch.
// Pictures are (picture, colour, row, column), RGB in 0..1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/graph/graph.h"
#include "core/image/preprocessing.h"
#include "core/nn/torch_pch.h"

namespace seedbed::ascent {

// Pictures of one size as spectra: half of a real picture's Fourier transform, for each of three colours without correlation.
class Canvas {
 public:
  Canvas(int64_t height, int64_t width);

  std::vector<int64_t> SpectrumShape(size_t pictures) const;
  size_t numbers() const { return numbers_; }  // of one picture's spectrum

  at::Tensor Paint(const at::Tensor& spectra) const;

 private:
  const int64_t height_, width_;
  const size_t numbers_;
  at::Tensor weights_;  // of each frequency: (row, column, 1)
  at::Tensor colours_;  // from the colours without correlation to RGB
};

// How a picture is looked at.
struct View {
  double right = 0;  // shifted, as a share of its side
  double down = 0;
  double scale = 1;
  double turn = 0;  // radians
};

// The pictures, seen so; grey where they end.
at::Tensor Look(const at::Tensor& pictures, const std::vector<View>& views);

// What the network is given of a picture: image::Preprocessing's formula. Without its steps, which pass no gradient.
class Preparation {
 public:
  // `mean_image`: HWC, in the network's order of channels, may be empty.
  Preparation(const image::Preprocessing& preprocessing, std::vector<float> mean_image, const graph::Shape& shape);
  // (picture, row, column, channel in the network's order)
  at::Tensor Prepare(const at::Tensor& pictures) const;

 private:
  at::Tensor Standardized(const at::Tensor& values) const;

  const image::Preprocessing preprocessing_;
  at::Tensor mean_, std_;  // of each channel
  at::Tensor mean_image_;  // undefined: none
};

// What roughness and strong colours cost, summed over the pictures. Meant to be set against a gradient of length 1.
at::Tensor Penalty(const at::Tensor& pictures);

}  // namespace seedbed::ascent
