#include "core/train/whitening.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/nn/torch_errors.h"
#include "core/nn/torch_pch.h"

namespace seedbed::train {
namespace {

// The sum over all images of x x^T.
at::Tensor SumOfProducts(std::span<const uint8_t* const> rows, size_t values, const image::PixelScaler& scaler) {
  constexpr size_t kBatch = 256;
  const auto width = static_cast<int64_t>(values);
  at::Tensor sum = at::zeros({width, width}, at::kDouble);
  std::vector<float> inputs(kBatch * values);
  for (size_t first = 0; first < rows.size(); first += kBatch) {
    const size_t count = std::min(kBatch, rows.size() - first);
    for (size_t i = 0; i < count; ++i) scaler.Apply({rows[first + i], values}, {inputs.data() + i * values, values});
    const at::Tensor batch = at::from_blob(inputs.data(), {static_cast<int64_t>(count), width}, at::kFloat).to(at::kDouble);
    sum.addmm_(batch.t(), batch);
  }
  return sum;
}

}  // namespace

absl::StatusOr<nn::Tensor> FitWhitening(std::span<const uint8_t* const> rows, size_t values, const image::PixelScaler& scaler,
                                        double epsilon) {
  return nn::WithoutExceptions([&]() -> absl::StatusOr<nn::Tensor> {
    const c10::InferenceMode inference;
    // The eigenvalues of the sum are the squares of the singular values, ascending; there are no more of these than images.
    const auto [squares, directions] = at::linalg_eigh(SumOfProducts(rows, values, scaler));
    const auto rank = static_cast<int64_t>(std::min(rows.size(), values));
    const at::Tensor singular = squares.narrow(0, static_cast<int64_t>(values) - rank, rank).clamp_min(0).sqrt();
    const at::Tensor basis = directions.narrow(1, static_cast<int64_t>(values) - rank, rank);
    const at::Tensor gain = std::sqrt(static_cast<double>(rows.size())) / (singular + epsilon);
    const at::Tensor matrix = (basis * gain).matmul(basis.t()).to(at::kFloat).contiguous();
    if (!matrix.isfinite().all().item<bool>()) {
      return absl::InvalidArgumentError("the training images cannot be whitened: the result is not finite; raise zca_epsilon");
    }
    const float* numbers = matrix.const_data_ptr<float>();
    return nn::Tensor::FromFloats({matrix.size(0), matrix.size(1)}, {numbers, numbers + matrix.numel()});
  });
}

}  // namespace seedbed::train
