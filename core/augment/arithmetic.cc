// imgaug's multiply, add and linear_contrast (imgaug 0.4.0, augmenters/arithmetic.py and contrast.py): a table of 256 results, computed in
// single precision and cut off, as imgaug computes its tables for 8-bit images.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "core/augment/lookup.h"
#include "core/augment/per_channel.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

uint8_t CutOff(float value) { return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f)); }

void FillMultiply(double mul, ByteTable* table) {
  for (size_t i = 0; i < table->size(); ++i) (*table)[i] = CutOff(static_cast<float>(i) * static_cast<float>(mul));
}

void FillAdd(double value, ByteTable* table) {
  for (size_t i = 0; i < table->size(); ++i) (*table)[i] = CutOff(static_cast<float>(i) + static_cast<float>(value));
}

void FillContrast(double alpha, ByteTable* table) {
  constexpr float kCentre = 127;  // imgaug's for 8-bit images since 0.2.8
  for (size_t i = 0; i < table->size(); ++i) {
    (*table)[i] = CutOff(kCentre + static_cast<float>(alpha) * (static_cast<float>(i) - kCentre));
  }
}

// What a table does, and how its value is drawn.
struct Arithmetic {
  std::string_view setting;
  Distribution otherwise;
  Range allowed;
  bool whole;
  void (*fill)(double value, ByteTable* table);
};

class TableStep : public Step {
 public:
  TableStep(uint32_t number, const Arithmetic& arithmetic, Distribution value, double per_channel)
      : Step(number), whole_(arithmetic.whole), fill_(arithmetic.fill), value_(std::move(value)), per_channel_(per_channel) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    const ChannelValues drawn =
        whole_ ? DrawIntegersPerChannel(value_, per_channel_, random) : DrawPerChannel(value_, per_channel_, random);
    ApplyFilledTables(drawn, picture, fill_);
  }

 private:
  const bool whole_;
  void (*const fill_)(double value, ByteTable* table);
  const Distribution value_;
  const double per_channel_;
};

absl::StatusOr<std::unique_ptr<Step>> MakeTableStep(StepFields* fields, const Arithmetic& arithmetic) {
  Distribution value = fields->Drawn(arithmetic.setting, arithmetic.otherwise, arithmetic.allowed);
  const Distribution per_channel = fields->Chance("per_channel", 0);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<TableStep>(fields->number(), arithmetic, std::move(value), per_channel.range().low);
}

absl::StatusOr<std::unique_ptr<Step>> MakeMultiply(StepFields* fields) {
  return MakeTableStep(fields, {"mul", Distribution::Uniform(0.8, 1.2), {0, 255}, false, FillMultiply});
}

absl::StatusOr<std::unique_ptr<Step>> MakeAdd(StepFields* fields) {
  return MakeTableStep(fields, {"value", Distribution::Uniform(-20, 20), {-255, 255}, true, FillAdd});
}

absl::StatusOr<std::unique_ptr<Step>> MakeLinearContrast(StepFields* fields) {
  return MakeTableStep(fields, {"alpha", Distribution::Uniform(0.6, 1.4), {0, 255}, false, FillContrast});
}

absl::StatusOr<std::unique_ptr<Step>> MakeContrastNormalization(StepFields* fields) {
  return MakeTableStep(fields, {"alpha", Distribution::Constant(1), {0, 255}, false, FillContrast});
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
