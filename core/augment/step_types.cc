#include "core/augment/step_type.h"

namespace seedbed::augment {

std::vector<const StepType*> StepTypes() {
  std::vector<const StepType*> types;
  for (const std::span<const StepType> family :
       {BackgroundSteps(), CompositionSteps(), FlipSteps(), CropSteps(), BlurSteps(), ArithmeticSteps(), KerasSteps(), NoiseSteps(),
        AffineSteps(), HueSteps(), EnhanceSteps(), BoxSteps(), PolicySteps()}) {
    for (const StepType& type : family) types.push_back(&type);
  }
  return types;
}

const StepType* FindStepType(std::string_view name) {
  for (const StepType* type : StepTypes()) {
    if (type->name == name) return type;
  }
  return nullptr;
}

}  // namespace seedbed::augment
