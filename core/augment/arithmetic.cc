// imgaug's multiply, add and linear_contrast (imgaug 0.4.0, augmenters/arithmetic.py and contrast.py), in single precision and cut off, as
// imgaug computes its tables for 8-bit images.
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "core/augment/per_channel.h"
#include "core/augment/pixel_kernels.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

// Which line it is, and how the number that decides it is drawn.
struct Arithmetic {
  std::string_view setting;
  Distribution otherwise;
  Range allowed;
  bool whole;    // whole numbers are drawn
  bool slope;    // it is the line's slope, otherwise its offset
  float centre;  // what the slope leaves as it is
};

class LineStep : public Step {
 public:
  LineStep(uint32_t number, const Arithmetic& arithmetic, Distribution value, double per_channel)
      : Step(number),
        whole_(arithmetic.whole),
        slope_(arithmetic.slope),
        centre_(arithmetic.centre),
        value_(std::move(value)),
        per_channel_(per_channel) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    const ChannelValues drawn =
        whole_ ? DrawIntegersPerChannel(value_, per_channel_, random) : DrawPerChannel(value_, per_channel_, random);
    Lines lines{.offset = {centre_, centre_, centre_}, .slope = {1, 1, 1}, .centre = centre_};
    for (size_t channel = 0; channel < drawn.values.size(); ++channel) {
      (slope_ ? lines.slope : lines.offset)[channel] = static_cast<float>(drawn.values[channel]);
    }
    WidestPixelKernels().apply_lines(lines, picture.rgb);
  }

 private:
  const bool whole_;
  const bool slope_;
  const float centre_;
  const Distribution value_;
  const double per_channel_;
};

absl::StatusOr<std::unique_ptr<Step>> MakeLineStep(StepFields* fields, const Arithmetic& arithmetic) {
  Distribution value = fields->Drawn(arithmetic.setting, arithmetic.otherwise, arithmetic.allowed);
  const double per_channel = fields->Chance("per_channel", 0);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<LineStep>(fields->number(), arithmetic, std::move(value), per_channel);
}

absl::StatusOr<std::unique_ptr<Step>> MakeMultiply(StepFields* fields) {
  return MakeLineStep(
      fields,
      {.setting = "mul", .otherwise = Distribution::Uniform(0.8, 1.2), .allowed = {0, 255}, .whole = false, .slope = true, .centre = 0});
}

absl::StatusOr<std::unique_ptr<Step>> MakeAdd(StepFields* fields) {
  return MakeLineStep(fields, {.setting = "value",
                               .otherwise = Distribution::Uniform(-20, 20),
                               .allowed = {-255, 255},
                               .whole = true,
                               .slope = false,
                               .centre = 0});
}

absl::StatusOr<std::unique_ptr<Step>> MakeContrast(StepFields* fields, const Distribution& otherwise) {
  constexpr float kCentre = 127;  // imgaug's for 8-bit images since 0.2.8
  return MakeLineStep(fields,
                      {.setting = "alpha", .otherwise = otherwise, .allowed = {0, 255}, .whole = false, .slope = true, .centre = kCentre});
}

absl::StatusOr<std::unique_ptr<Step>> MakeLinearContrast(StepFields* fields) {
  return MakeContrast(fields, Distribution::Uniform(0.6, 1.4));
}

absl::StatusOr<std::unique_ptr<Step>> MakeContrastNormalization(StepFields* fields) {
  return MakeContrast(fields, Distribution::Constant(1));
}

constexpr StepType kTypes[] = {
    {.name = "multiply", .main_setting = "mul", .summary = "multiplies all values by mul", .make = MakeMultiply},
    {.name = "add", .main_setting = "value", .summary = "adds a whole number to all values", .make = MakeAdd},
    {.name = "linear_contrast", .main_setting = "alpha", .summary = "127 + alpha * (v - 127)", .make = MakeLinearContrast},
    {.name = "contrast_normalization", .main_setting = "alpha", .summary = "linear_contrast's old name", .make = MakeContrastNormalization},
};

}  // namespace

std::span<const StepType> ArithmeticSteps() { return kTypes; }

}  // namespace seedbed::augment
