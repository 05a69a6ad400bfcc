// Updates against the formulas, computed in double precision.
#include "core/train/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/base/philox.h"
#include "core/train/linear_kernels.h"

namespace seedbed::train {
namespace {

constexpr size_t kCount = 2 * kLanes;
constexpr int kSteps = 50;

struct State {
  std::vector<float> parameters = std::vector<float>(kCount), slot0 = parameters, slot1 = parameters;
};

// Gradients that depend on the step alone, so that errors do not feed back.
std::vector<float> GradientAt(int step) {
  RandomStream random(7, RandomPurpose::kGenerate, static_cast<uint64_t>(step));
  std::vector<float> gradient(kCount);
  for (float& value : gradient) value = static_cast<float>(random.NextNormal());
  return gradient;
}

class Optimizers : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    kernels_ = LinearKernelsFor(GetParam());
    if (kernels_ == nullptr) GTEST_SKIP() << "this processor has no " << GetParam();
  }

  State RunSteps(const OptimizerOptions& options) const {
    State state;
    for (int step = 1; step <= kSteps; ++step) {
      const std::vector<float> gradient = GradientAt(step);
      kernels_->update(RuleForStep(options, step), gradient.data(), kCount, state.parameters.data(),
                       SlotCount(options) > 0 ? state.slot0.data() : nullptr, SlotCount(options) > 1 ? state.slot1.data() : nullptr);
    }
    return state;
  }

  const LinearKernels* kernels_ = nullptr;
};

TEST_P(Optimizers, SgdIsPyTorchs) {
  for (const double momentum : {0.0, 0.9}) {
    for (const bool nesterov : {false, true}) {
      OptimizerOptions options;
      options.lr = 0.1;
      options.momentum = momentum;
      options.nesterov = nesterov;
      const State state = RunSteps(options);
      for (size_t i = 0; i < kCount; ++i) {
        double p = 0, b = 0;
        for (int step = 1; step <= kSteps; ++step) {
          const double g = GradientAt(step)[i];
          b = momentum * b + g;
          p -= options.lr * (nesterov ? g + momentum * b : b);
        }
        EXPECT_NEAR(state.parameters[i], p, 1e-5 * std::max(1.0, std::abs(p))) << "momentum " << momentum << " nesterov " << nesterov;
      }
    }
  }
}

TEST_P(Optimizers, AdamIsKerass) {
  OptimizerOptions options;
  options.kind = OptimizerKind::kAdam;
  options.lr = 0.01;
  const State state = RunSteps(options);
  for (size_t i = 0; i < kCount; ++i) {
    double p = 0, m = 0, v = 0;
    for (int step = 1; step <= kSteps; ++step) {
      const double g = GradientAt(step)[i];
      m = options.beta1 * m + (1 - options.beta1) * g;
      v = options.beta2 * v + (1 - options.beta2) * g * g;
      const double lr = options.lr * std::sqrt(1 - std::pow(options.beta2, step)) / (1 - std::pow(options.beta1, step));
      p -= lr * m / (std::sqrt(v) + options.epsilon);
    }
    EXPECT_NEAR(state.parameters[i], p, 2e-6);
    EXPECT_NEAR(state.slot0[i], m, 1e-6);
    EXPECT_NEAR(state.slot1[i], v, 1e-6);
  }
}

TEST_P(Optimizers, ZeroGradientsLeaveZerosAlone) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdam}) {
    OptimizerOptions options;
    options.kind = kind;
    State state;
    const std::vector<float> gradient(kCount);
    kernels_->update(RuleForStep(options, 1), gradient.data(), kCount, state.parameters.data(), state.slot0.data(), state.slot1.data());
    EXPECT_THAT(state.parameters, ::testing::Each(0.0f));
  }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, Optimizers, ::testing::Values("baseline", "avx2", "avx512"));

}  // namespace
}  // namespace seedbed::train
