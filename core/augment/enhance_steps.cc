// Steps that change colours and sharpness: color_jitter and random_grayscale as torchvision's ColorJitter and RandomGrayscale; posterize,
// solarize, autocontrast, equalize, sharpness and invert as Pillow's operations of these names (torchvision's RandomPosterize and so on),
// each with a probability of its own.
#include <array>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/augment/enhance.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

// One of ColorJitter's four changes.
struct Jitter {
  Distribution factor;
  bool used;  // not, where no factor but the one that changes nothing can be drawn
};

struct JitterSettings {
  Jitter brightness;
  Jitter contrast;
  Jitter saturation;
  Jitter hue;
};

class ColorJitter : public Step {
 public:
  ColorJitter(uint32_t number, JitterSettings settings) : Step(number), settings_(std::move(settings)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    std::array<int, 4> order = {0, 1, 2, 3};
    for (uint32_t i = 3; i > 0; --i) std::swap(order[i], order[random.NextBelow(i + 1)]);
    const JitterSettings& all = settings_;
    const float brightness = static_cast<float>(all.brightness.factor.Draw(random));
    const float contrast = static_cast<float>(all.contrast.factor.Draw(random));
    const float saturation = static_cast<float>(all.saturation.factor.Draw(random));
    const double hue = all.hue.factor.Draw(random);
    for (const int change : order) {
      if (change == 0 && all.brightness.used) AdjustBrightness(picture, brightness);
      if (change == 1 && all.contrast.used) AdjustContrast(picture, contrast);
      if (change == 2 && all.saturation.used) AdjustSaturation(picture, saturation);
      if (change == 3 && all.hue.used) AdjustHue(picture, hue);
    }
  }

 private:
  const JitterSettings settings_;
};

// As torchvision writes them: a number x stands for the factors from center - x to center + x, within what is allowed; else it is a
// distribution of the factor itself.
Jitter ReadJitter(StepFields* fields, std::string_view name, double center, Range allowed) {
  const nlohmann::json written = fields->Raw(name);
  Distribution factor = Distribution::Uniform(center, center);
  if (written.is_number()) {
    const double strength = fields->Number(name, 0, {0, allowed.high - center});
    factor = Distribution::Uniform(std::max(allowed.low, center - strength), center + strength);
    fields->Resolve(name, factor.ToJson());
  } else {
    factor = fields->Drawn(name, factor, allowed);
  }
  return {factor, !factor.constant() || factor.range().low != center};
}

absl::StatusOr<std::unique_ptr<Step>> MakeColorJitter(StepFields* fields) {
  constexpr Range kFactors = {0, 100};
  JitterSettings settings = {.brightness = ReadJitter(fields, "brightness", 1, kFactors),
                             .contrast = ReadJitter(fields, "contrast", 1, kFactors),
                             .saturation = ReadJitter(fields, "saturation", 1, kFactors),
                             .hue = ReadJitter(fields, "hue", 0, {-0.5, 0.5})};
  int used = 0;
  for (const Jitter* jitter : {&settings.brightness, &settings.contrast, &settings.saturation, &settings.hue}) {
    used += jitter->used;
    if (!jitter->factor.constant()) fields->MarkRandom();
  }
  if (used > 1) fields->MarkRandom();  // their order
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<ColorJitter>(fields->number(), std::move(settings));
}

// Changes a picture with probability p, by a strength that is drawn.
class Change : public Step {
 public:
  using Body = void (*)(Picture picture, double strength, Scratch* scratch);
  Change(uint32_t number, double p, Distribution strength, Body body) : Step(number), p_(p), strength_(std::move(strength)), body_(body) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    if (random.NextUniformDouble(0, 1) < p_) body_(picture, strength_.Draw(random), scratch);
  }

 private:
  const double p_;
  const Distribution strength_;
  const Body body_;
};

absl::StatusOr<std::unique_ptr<Step>> MakeChange(StepFields* fields, double p, Distribution strength, Change::Body body) {
  const double chance = fields->Chance("p", p);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Change>(fields->number(), chance, std::move(strength), body);
}

// Of changes that have no strength.
const Distribution& None() {
  static const Distribution none = Distribution::Constant(0);
  return none;
}

absl::StatusOr<std::unique_ptr<Step>> MakeRandomGrayscale(StepFields* fields) {
  return MakeChange(fields, 0.1, None(), [](Picture picture, double, Scratch*) { Grayscale(picture); });
}

absl::StatusOr<std::unique_ptr<Step>> MakePosterize(StepFields* fields) {
  const Distribution bits = fields->Drawn("bits", Distribution::Constant(4), {1, 8});
  return MakeChange(fields, 1, bits, [](Picture picture, double drawn, Scratch*) { Posterize(picture, static_cast<int>(drawn)); });
}

absl::StatusOr<std::unique_ptr<Step>> MakeSolarize(StepFields* fields) {
  const Distribution threshold = fields->Drawn("threshold", Distribution::Constant(128), {0, 256});
  return MakeChange(fields, 1, threshold, [](Picture picture, double drawn, Scratch*) { Solarize(picture, drawn); });
}

absl::StatusOr<std::unique_ptr<Step>> MakeSharpness(StepFields* fields) {
  const Distribution factor = fields->Drawn("factor", Distribution::Constant(2), {0, 100});
  return MakeChange(fields, 1, factor,
                    [](Picture picture, double drawn, Scratch* scratch) { AdjustSharpness(picture, static_cast<float>(drawn), scratch); });
}

absl::StatusOr<std::unique_ptr<Step>> MakeAutoContrast(StepFields* fields) {
  return MakeChange(fields, 1, None(), [](Picture picture, double, Scratch*) { AutoContrast(picture); });
}

absl::StatusOr<std::unique_ptr<Step>> MakeEqualize(StepFields* fields) {
  return MakeChange(fields, 1, None(), [](Picture picture, double, Scratch*) { Equalize(picture); });
}

absl::StatusOr<std::unique_ptr<Step>> MakeInvert(StepFields* fields) {
  return MakeChange(fields, 1, None(), [](Picture picture, double, Scratch*) { Invert(picture); });
}

constexpr StepType kTypes[] = {
    {.name = "color_jitter",
     .main_setting = "brightness",
     .summary = "brightness, contrast, saturation and hue by drawn factors, in random order",
     .make = MakeColorJitter},
    {.name = "random_grayscale", .main_setting = "p", .summary = "with probability p in grey", .make = MakeRandomGrayscale},
    {.name = "posterize", .main_setting = "bits", .summary = "only the upper bits of each value", .make = MakePosterize},
    {.name = "solarize", .main_setting = "threshold", .summary = "values from the threshold on inverted", .make = MakeSolarize},
    {.name = "sharpness", .main_setting = "factor", .summary = "blurred (below 1) or sharpened (above)", .make = MakeSharpness},
    {.name = "autocontrast", .main_setting = "p", .summary = "each channel stretched from 0 to 255", .make = MakeAutoContrast},
    {.name = "equalize", .main_setting = "p", .summary = "each channel's values equally frequent", .make = MakeEqualize},
    {.name = "invert", .main_setting = "p", .summary = "all values inverted", .make = MakeInvert},
};

}  // namespace

std::span<const StepType> EnhanceSteps() { return kTypes; }

}  // namespace seedbed::augment
