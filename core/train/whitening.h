// ZCA whitening: the linear map after which the values of the training images are uncorrelated and equally strong, and that changes them
// least.
//
// As Keras's ImageDataGenerator.fit computes it: with the singular value decomposition U S V^T of the images (a column each, after the rest
// of the preprocessing), U diag(sqrt(images) / (S + epsilon)) U^T. A. Bell, T. Sejnowski, "The independent components of natural scenes are
// edge filters", Vision Research 37, 1997.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "core/image/pixel_scaler.h"
#include "core/nn/tensor.h"

namespace seedbed::train {

// Rows are the pixels of at least one image, `values` bytes each, at most 4,096; `scaler` makes the network's input of them. The matrix has
// `values` rows and columns. Computed in double precision. INVALID_ARGUMENT when it is not finite; RESOURCE_EXHAUSTED when memory runs out.
absl::StatusOr<nn::Tensor> FitWhitening(std::span<const uint8_t* const> rows, size_t values, const image::PixelScaler& scaler,
                                        double epsilon);

}  // namespace seedbed::train
