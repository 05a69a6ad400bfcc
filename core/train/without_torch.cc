// In the place of torch_learner.cc and whitening.cc in a build without LibTorch: linear networks are trained all the same.
#include "core/train/torch_learner.h"
#include "core/train/whitening.h"

namespace seedbed::train {

absl::StatusOr<std::unique_ptr<Learner>> MakeTorchLearner(const graph::Graph&, const nn::TensorMap&, Examples, Examples,
                                                          const TorchLearnerOptions&) {
  return absl::UnimplementedError("this build has no LibTorch, which all networks but linear ones need");
}

absl::StatusOr<nn::Tensor> FitWhitening(std::span<const uint8_t* const>, size_t, const image::PixelScaler&, double) {
  return absl::UnimplementedError("this build has no LibTorch, which whitening needs");
}

}  // namespace seedbed::train
