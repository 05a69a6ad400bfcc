#include "core/train/optimizer.h"

#include <cmath>

namespace seedbed::train {

UpdateRule RuleForStep(const OptimizerOptions& options, int64_t step) {
  UpdateRule rule;
  rule.kind = options.kind;
  rule.lr = static_cast<float>(options.lr);
  rule.momentum = static_cast<float>(options.momentum);
  rule.nesterov = options.nesterov;
  if (options.kind == OptimizerKind::kAdam) {
    const double t = static_cast<double>(step);
    rule.lr = static_cast<float>(options.lr * std::sqrt(1 - std::pow(options.beta2, t)) / (1 - std::pow(options.beta1, t)));
    rule.one_minus_beta1 = static_cast<float>(1 - options.beta1);
    rule.one_minus_beta2 = static_cast<float>(1 - options.beta2);
    rule.epsilon = static_cast<float>(options.epsilon);
  }
  return rule;
}

int SlotCount(const OptimizerOptions& options) {
  if (options.kind == OptimizerKind::kAdam) return 2;
  return options.momentum != 0 ? 1 : 0;
}

std::string_view SlotName(const OptimizerOptions& options, int slot) {
  if (options.kind == OptimizerKind::kAdam) return slot == 0 ? "m" : "v";
  return "momentum";
}

}  // namespace seedbed::train
