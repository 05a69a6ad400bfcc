#include "core/train/torch_optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::train {
namespace {

float* ValuesOrNull(const std::vector<at::Tensor>& slots, size_t index) {
  return index < slots.size() ? slots[index].data_ptr<float>() : nullptr;
}

}  // namespace

nn::Tensor TensorFrom(const at::Tensor& tensor) {
  const at::Tensor packed = tensor.detach().contiguous();
  return nn::Tensor::FromFloats(packed.sizes().vec(), {packed.const_data_ptr<float>(), static_cast<size_t>(packed.numel())});
}

void CopyInto(const nn::Tensor& tensor, at::Tensor to) {
  const at::NoGradGuard no_gradients;
  std::vector<float> values = nn::FloatsOf(tensor.view());
  to.copy_(at::from_blob(values.data(), to.sizes(), at::TensorOptions().dtype(at::kFloat)));
}

at::Tensor TorchOptimizer::AddParameter(const graph::Parameter& parameter) {
  constexpr int64_t kLaneCount = kLanes;
  const int64_t elements = graph::ElementsOf(parameter.shape);
  const auto zeros = [&] { return at::zeros({(elements + kLaneCount - 1) / kLaneCount * kLaneCount}, at::kFloat); };
  Parameter added{.name = parameter.name, .values = {}, .flat = zeros(), .gradient = zeros(), .slots = {}};
  const auto order = parameter.shape.size() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  const at::Tensor model = at::empty(parameter.shape, at::TensorOptions().dtype(at::kFloat), order);
  added.values = added.flat.as_strided(model.sizes(), model.strides());
  added.values.set_requires_grad(true);
  for (int slot = 0; slot < SlotCount(options_); ++slot) added.slots.push_back(zeros());
  parameters_.push_back(added);
  return added.values;
}

void TorchOptimizer::Step(int64_t step) {
  const at::NoGradGuard no_gradients;
  const UpdateRule rule = RuleForStep(options_, step);
  for (Parameter& parameter : parameters_) {
    parameter.Shaped(parameter.gradient).copy_(parameter.values.grad());
    parameter.values.mutable_grad() = at::Tensor();
    const float* gradient = parameter.gradient.const_data_ptr<float>();
    // By one thread: that is little beside the network's own work.
    update_(rule, gradient, static_cast<size_t>(parameter.flat.numel()), parameter.flat.data_ptr<float>(), ValuesOrNull(parameter.slots, 0),
            ValuesOrNull(parameter.slots, 1));
  }
}

std::string TorchOptimizer::SlotKey(const Parameter& parameter, size_t slot) const {
  return absl::StrCat(parameter.name, "/", ToAbsl(SlotName(options_, static_cast<int>(slot))));
}

void TorchOptimizer::AddState(nn::TensorMap* tensors) const {
  for (const Parameter& parameter : parameters_) {
    for (size_t slot = 0; slot < parameter.slots.size(); ++slot) {
      tensors->emplace(SlotKey(parameter, slot), TensorFrom(parameter.Shaped(parameter.slots[slot])));
    }
  }
}

absl::Status TorchOptimizer::Restore(const nn::TensorMap& state) {
  for (const Parameter& parameter : parameters_) {
    for (size_t slot = 0; slot < parameter.slots.size(); ++slot) {
      at::Tensor values = parameter.slots[slot];
      if (state.empty()) {
        values.zero_();
        continue;
      }
      const std::string key = SlotKey(parameter, slot);
      const auto found = state.find(key);
      if (found == state.end() || found->second.shape != parameter.values.sizes().vec()) {
        return absl::InvalidArgumentError(absl::StrCat("the optimizer's state has no '", key, "' of the parameter's shape"));
      }
      CopyInto(found->second, parameter.Shaped(values));
    }
  }
  return absl::OkStatus();
}

}  // namespace seedbed::train
