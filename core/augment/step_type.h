// The kinds of steps there are. Adding one: its class in a file of its family, and its row in that family's table (step_types.cc lists the
// families).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/augment/step.h"

namespace seedbed::augment {

class StepFields;

struct StepType {
  std::string_view name;
  // The setting that {"fliplr": 0.5} gives; empty: there is none.
  std::string_view main_setting;
  // For lists of steps: one line that says what it does.
  std::string_view summary;
  // Reads its settings (step_fields.h) and makes the step.
  absl::StatusOr<std::unique_ptr<Step>> (*make)(StepFields* fields) = nullptr;
};

// The families, each in a file of its own.
std::span<const StepType> BackgroundSteps();   // remove_background
std::span<const StepType> CompositionSteps();  // sequential, some_of, one_of, sometimes
std::span<const StepType> FlipSteps();         // fliplr, flipud
std::span<const StepType> CropSteps();         // crop, crop_and_pad
std::span<const StepType> BlurSteps();         // gaussian_blur, average_blur, median_blur
std::span<const StepType> ArithmeticSteps();   // multiply, add, linear_contrast
std::span<const StepType> KerasSteps();        // keras, keras_transform
std::span<const StepType> NoiseSteps();        // additive_gaussian_noise, dropout, coarse_dropout
std::span<const StepType> AffineSteps();       // affine
std::span<const StepType> HueSteps();          // hue and saturation, added to and multiplied
std::span<const StepType> EnhanceSteps();      // color_jitter, random_grayscale, posterize and other changes of colour
std::span<const StepType> BoxSteps();          // random_resized_crop, random_erasing
std::span<const StepType> PolicySteps();       // rand_augment, trivial_augment

// All of them.
std::vector<const StepType*> StepTypes();
// Null when there is none.
const StepType* FindStepType(std::string_view name);

}  // namespace seedbed::augment
