#include "core/augment/random_policy.h"

#include <cmath>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/augment/enhance.h"
#include "core/augment/nearest_affine.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

// What the two tables differ in: the largest magnitudes.
struct Limits {
  double shear;
  double translate_x;
  double translate_y;
  double rotate;
  double enhance;
  double posterize;  // bits that are dropped
};

Limits LimitsOf(MagnitudeTable table, int width, int height) {
  if (table == MagnitudeTable::kTrivialAugmentWide) {
    return {.shear = 0.99, .translate_x = 32, .translate_y = 32, .rotate = 135, .enhance = 0.99, .posterize = 6};
  }
  // The paper's 150 pixels, in pictures of 331.
  constexpr double kTranslate = 150.0 / 331.0;
  return {
      .shear = 0.3, .translate_x = kTranslate * width, .translate_y = kTranslate * height, .rotate = 30, .enhance = 0.9, .posterize = 4};
}

// torch.linspace in single precision: from both ends to the middle, multiplying and adding in one rounding.
double Linear(double from, double to, int bin, int bins) {
  const float low = static_cast<float>(from), high = static_cast<float>(to);
  const double step = (high - low) / static_cast<float>(bins - 1);
  return static_cast<float>(bin < bins / 2 ? double{low} + step * bin : double{high} - step * (bins - bin - 1));
}

// The picture's, half a pixel before the centre of the first one: what torchvision shears about.
constexpr double kCorner = -0.5;

class RandAugment : public Step {
 public:
  struct Settings {
    int operations;
    int magnitude;
    int bins;
    uint8_t fill;
  };
  RandAugment(uint32_t number, const Settings& settings) : Step(number), settings_(settings) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    for (int i = 0; i < settings_.operations; ++i) {
      const DrawnOperation drawn =
          DrawOperation(MagnitudeTable::kRandAugment, settings_.magnitude, settings_.bins, picture.width, picture.height, &random);
      ApplyOperation(drawn, settings_.fill, picture, scratch);
    }
  }

 private:
  const Settings settings_;
};

class TrivialAugment : public Step {
 public:
  TrivialAugment(uint32_t number, int bins, uint8_t fill) : Step(number), bins_(bins), fill_(fill) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    const DrawnOperation drawn =
        DrawOperation(MagnitudeTable::kTrivialAugmentWide, /*magnitude=*/-1, bins_, picture.width, picture.height, &random);
    ApplyOperation(drawn, fill_, picture, scratch);
  }

 private:
  const int bins_;
  const uint8_t fill_;
};

constexpr Range kBins = {2, 1000};

uint8_t ReadFill(StepFields* fields) { return static_cast<uint8_t>(fields->Integer("fill", 0, {0, 255})); }

absl::StatusOr<std::unique_ptr<Step>> MakeRandAugment(StepFields* fields) {
  RandAugment::Settings settings{};
  settings.operations = fields->Integer("num_ops", 2, {0, 100});
  settings.bins = fields->Integer("num_magnitude_bins", 31, kBins);
  settings.magnitude = fields->Integer("magnitude", 9, {0, kBins.high});
  if (settings.magnitude >= settings.bins) {
    fields->Fail("magnitude", absl::StrCat("is ", settings.magnitude, "; it must be less than num_magnitude_bins, ", settings.bins));
  }
  settings.fill = ReadFill(fields);
  if (settings.operations > 0) fields->MarkRandom();
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<RandAugment>(fields->number(), settings);
}

absl::StatusOr<std::unique_ptr<Step>> MakeTrivialAugment(StepFields* fields) {
  const int bins = fields->Integer("num_magnitude_bins", 31, kBins);
  const uint8_t fill = ReadFill(fields);
  fields->MarkRandom();
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<TrivialAugment>(fields->number(), bins, fill);
}

constexpr StepType kTypes[] = {
    {.name = "rand_augment",
     .main_setting = "magnitude",
     .summary = "num_ops operations, drawn from a list, of the same magnitude",
     .make = MakeRandAugment},
    {.name = "trivial_augment",
     .main_setting = "num_magnitude_bins",
     .summary = "one operation, drawn from a list, of a drawn magnitude",
     .make = MakeTrivialAugment},
};

}  // namespace

double MagnitudeOf(MagnitudeTable table, Operation operation, int bin, int bins, int width, int height) {
  const Limits limits = LimitsOf(table, width, height);
  switch (operation) {
    case Operation::kShearX:
    case Operation::kShearY:
      return Linear(0, limits.shear, bin, bins);
    case Operation::kTranslateX:
      return Linear(0, limits.translate_x, bin, bins);
    case Operation::kTranslateY:
      return Linear(0, limits.translate_y, bin, bins);
    case Operation::kRotate:
      return Linear(0, limits.rotate, bin, bins);
    case Operation::kBrightness:
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kSharpness:
      return Linear(0, limits.enhance, bin, bins);
    case Operation::kPosterize:
      return 8 - std::nearbyint(static_cast<float>(bin) / static_cast<float>((bins - 1) / limits.posterize));
    case Operation::kSolarize:
      return Linear(255, 0, bin, bins);
    case Operation::kIdentity:
    case Operation::kAutoContrast:
    case Operation::kEqualize:
      return 0;
  }
  std::abort();  // not reached: all operations are above
}

bool IsSigned(Operation operation) { return operation >= Operation::kShearX && operation <= Operation::kSharpness; }

DrawnOperation DrawOperation(MagnitudeTable table, int magnitude, int bins, int width, int height, RandomStream* random) {
  const auto operation = static_cast<Operation>(random->NextBelow(kOperations));
  const int bin = magnitude < 0 ? static_cast<int>(random->NextBelow(static_cast<uint32_t>(bins))) : magnitude;
  const bool negative = random->NextBelow(2) == 1;
  const double drawn = MagnitudeOf(table, operation, bin, bins, width, height);
  return {operation, IsSigned(operation) && negative ? -drawn : drawn};
}

void ApplyOperation(const DrawnOperation& drawn, uint8_t fill, Picture picture, Scratch* scratch) {
  const double magnitude = drawn.magnitude;
  const float factor = static_cast<float>(1 + magnitude);
  switch (drawn.operation) {
    case Operation::kIdentity:
      return;
    case Operation::kShearX:
      return ApplyNearest(AboutPoint({.xy = magnitude}, kCorner, kCorner), fill, picture, scratch);
    case Operation::kShearY:
      return ApplyNearest(AboutPoint({.yx = magnitude}, kCorner, kCorner), fill, picture, scratch);
    case Operation::kTranslateX:
      return ApplyNearest({.x0 = -std::trunc(magnitude)}, fill, picture, scratch);
    case Operation::kTranslateY:
      return ApplyNearest({.y0 = -std::trunc(magnitude)}, fill, picture, scratch);
    case Operation::kRotate:
      return ApplyNearest(RotationMap(magnitude, picture.width, picture.height), fill, picture, scratch);
    case Operation::kBrightness:
      return AdjustBrightness(picture, factor);
    case Operation::kColor:
      return AdjustSaturation(picture, factor);
    case Operation::kContrast:
      return AdjustContrast(picture, factor);
    case Operation::kSharpness:
      return AdjustSharpness(picture, factor, scratch);
    case Operation::kPosterize:
      return Posterize(picture, static_cast<int>(magnitude));
    case Operation::kSolarize:
      return Solarize(picture, magnitude);
    case Operation::kAutoContrast:
      return AutoContrast(picture);
    case Operation::kEqualize:
      return Equalize(picture);
  }
}

std::span<const StepType> PolicySteps() { return kTypes; }

}  // namespace seedbed::augment
