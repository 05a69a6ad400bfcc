// Optimizers as data: what the person chose, and what one step does with it.
#pragma once

#include <cstdint>
#include <string_view>

namespace seedbed::train {

enum class OptimizerKind { kSgd, kAdam };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kSgd;
  double lr = 0.01;
  double momentum = 0;    // sgd: 0 <= momentum < 1
  bool nesterov = false;  // sgd with momentum
  double beta1 = 0.9;     // adam
  double beta2 = 0.999;
  double epsilon = 1e-7;
};

// Constants of one step, g being the gradient of the batch's mean loss and p the parameter.
//   sgd (as PyTorch's):   b = momentum b + g;  p -= lr (nesterov ? g + momentum b : b)
//   adam (as Keras's):    m += (1 - beta1)(g - m);  v += (1 - beta2)(g g - v);  p -= lr m / (sqrt(v) + epsilon),
//                         lr being the rate corrected for the bias of step t: lr sqrt(1 - beta2^t) / (1 - beta1^t)
struct UpdateRule {
  OptimizerKind kind = OptimizerKind::kSgd;
  float lr = 0;
  float momentum = 0;
  bool nesterov = false;
  float one_minus_beta1 = 0;
  float one_minus_beta2 = 0;
  float epsilon = 0;
};

// `step` counts from 1.
UpdateRule RuleForStep(const OptimizerOptions& options, int64_t step);

// How many values an optimizer keeps for each parameter, and their names in checkpoints.
int SlotCount(const OptimizerOptions& options);
std::string_view SlotName(const OptimizerOptions& options, int slot);  // "momentum"; "m", "v"

}  // namespace seedbed::train
