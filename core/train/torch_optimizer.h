// The optimizers of optimizer.h on LibTorch's tensors. Only for files that include LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"
#include "core/nn/torch_pch.h"
#include "core/train/linear_kernels.h"
#include "core/train/optimizer.h"

namespace seedbed::train {

// The parameters that training changes, with their gradients and the optimizer's values, in memory as the kernels want it: flat, and padded
// with zeros to whole lanes. Exceptions are LibTorch's.
class TorchOptimizer {
 public:
  TorchOptimizer(const OptimizerOptions& options, UpdateParameters update) : options_(options), update_(update) {}

  // A tensor for a trainable parameter, zero at first, which collects gradients; convolutions' in the memory order of their images.
  at::Tensor AddParameter(const graph::Parameter& parameter);

  // One update with the gradients that a backward pass has left, which are then forgotten. `step` counts from 1. Element by element: the
  // same bits for any number of threads.
  void Step(int64_t step);

  // The slots as "<parameter>/<slot>", in the parameters' shapes.
  void AddState(nn::TensorMap* tensors) const;
  // No tensors at all: zeros. INVALID_ARGUMENT when one is missing or has another shape.
  absl::Status Restore(const nn::TensorMap& state);

 private:
  struct Parameter {
    std::string name;
    at::Tensor values;  // as the network uses it: a view of `flat`
    at::Tensor flat;    // multiples of kLanes, as are the following
    at::Tensor gradient;
    std::vector<at::Tensor> slots;

    at::Tensor Shaped(const at::Tensor& of) const { return of.as_strided(values.sizes(), values.strides()); }
  };

  std::string SlotKey(const Parameter& parameter, size_t slot) const;

  const OptimizerOptions options_;
  const UpdateParameters update_;
  std::vector<Parameter> parameters_;
};

// Between LibTorch's tensors, in whatever memory order, and ours; `tensor` has the shape of `to`.
nn::Tensor TensorFrom(const at::Tensor& tensor);
void CopyInto(const nn::Tensor& tensor, at::Tensor to);

}  // namespace seedbed::train
