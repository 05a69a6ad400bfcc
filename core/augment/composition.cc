// Steps made of steps, as imgaug's meta augmenters: sequential, some_of, one_of, sometimes.
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

using StepList = std::vector<std::shared_ptr<const Step>>;

absl::Status CheckSizes(const StepList& steps, int width, int height) {
  for (const std::shared_ptr<const Step>& step : steps) SB_RETURN_IF_ERROR(step->CheckSize(width, height));
  return absl::OkStatus();
}

void ApplyAll(const StepList& steps, const Sample& sample, Picture picture, Scratch* scratch) {
  for (const std::shared_ptr<const Step>& step : steps) step->Apply(sample, picture, scratch);
}

// With probability p these steps, else those.
class Sometimes : public Step {
 public:
  Sometimes(uint32_t number, double p, StepList then, StepList otherwise)
      : Step(number), p_(p), then_(std::move(then)), otherwise_(std::move(otherwise)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    ApplyAll(Random(sample).NextUniformDouble(0, 1) < p_ ? then_ : otherwise_, sample, picture, scratch);
  }
  absl::Status CheckSize(int width, int height) const override {
    SB_RETURN_IF_ERROR(CheckSizes(then_, width, height));
    return CheckSizes(otherwise_, width, height);
  }

 private:
  const double p_;
  const StepList then_;
  const StepList otherwise_;
};

absl::StatusOr<std::unique_ptr<Step>> MakeSometimes(StepFields* fields) {
  const Distribution p = fields->Chance("p", 0.5);
  StepList then = fields->Steps("then"), otherwise = fields->Steps("else");
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Sometimes>(fields->number(), p.range().low, std::move(then), std::move(otherwise));
}

constexpr StepType kTypes[] = {
    {.name = "sometimes", .main_setting = "", .summary = "with probability p the steps of then, else those of else", .make = MakeSometimes},
};

}  // namespace

std::span<const StepType> CompositionSteps() { return kTypes; }

}  // namespace seedbed::augment
