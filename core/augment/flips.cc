// imgaug's fliplr and flipud.
#include <memory>

#include "absl/status/statusor.h"
#include "core/augment/per_channel.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/augment/warp.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

class Flip : public Step {
 public:
  using Mirror = void (*)(Picture picture);
  Flip(uint32_t number, double p, Mirror mirror) : Step(number), p_(p), mirror_(mirror) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    if (Happens(p_, random)) mirror_(picture);
  }

 private:
  const double p_;
  const Mirror mirror_;
};

template <Flip::Mirror mirror>
absl::StatusOr<std::unique_ptr<Step>> MakeFlip(StepFields* fields) {
  const double p = fields->Chance("p", 1);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Flip>(fields->number(), p, mirror);
}

constexpr StepType kTypes[] = {
    {.name = "fliplr", .main_setting = "p", .summary = "with probability p mirrors left and right", .make = MakeFlip<FlipColumns>},
    {.name = "flipud", .main_setting = "p", .summary = "with probability p mirrors top and bottom", .make = MakeFlip<FlipRows>},
};

}  // namespace

std::span<const StepType> FlipSteps() { return kTypes; }

}  // namespace seedbed::augment
