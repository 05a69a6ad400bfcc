// imgaug's changes to hue and saturation (imgaug 0.4.0, augmenters/color.py). Colours are changed in OpenCV's 8-bit HSV: hue 0 to 179,
// saturation and value 0 to 255. The way there is OpenCV's integer one; the way back is its formula without fused operations, which OpenCV
// rounds differently from processor to processor.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "core/augment/lookup.h"
#include "core/augment/per_channel.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

constexpr int kHues = 180, kShift = 12;

struct Hsv {
  uint8_t hue, saturation, value;
};

// numerator / i in fixed point, for i from 1.
constexpr std::array<int, 256> Reciprocals(double numerator) {
  std::array<int, 256> table{};
  for (int i = 1; i < 256; ++i) {
    table[static_cast<size_t>(i)] =
        static_cast<int>(numerator * (1 << kShift) / i + 0.5);  // NOLINT(bugprone-incorrect-roundings): lround is not constexpr
  }
  return table;
}
constexpr std::array<int, 256> kPerValue = Reciprocals(255), kPerRange = Reciprocals(kHues / 6.0);

Hsv ToHsv(const uint8_t* rgb) {
  const int red = rgb[0], green = rgb[1], blue = rgb[2];
  const int value = std::max({red, green, blue}), range = value - std::min({red, green, blue});
  int hue = value == red ? green - blue : value == green ? blue - red + 2 * range : red - green + 4 * range;
  constexpr int kHalf = 1 << (kShift - 1);
  hue = (hue * kPerRange[static_cast<size_t>(range)] + kHalf) >> kShift;
  const int saturation = (range * kPerValue[static_cast<size_t>(value)] + kHalf) >> kShift;
  return {static_cast<uint8_t>(hue < 0 ? hue + kHues : hue), static_cast<uint8_t>(saturation), static_cast<uint8_t>(value)};
}

void FromHsv(Hsv hsv, uint8_t* rgb) {
  const float saturation = hsv.saturation / 255.0f, value = hsv.value;
  const float sixths = hsv.hue * (6.0f / kHues);
  const int sector = static_cast<int>(sixths);
  const float part = sixths - static_cast<float>(sector);
  const std::array<float, 4> levels = {value, value * (1 - saturation), value * (1 - saturation * part),
                                       value * (1 - saturation * (1 - part))};
  // Of red, green, blue in each sixth of the circle.
  static constexpr uint8_t kLevelOf[6][3] = {{0, 3, 1}, {2, 0, 1}, {1, 0, 3}, {1, 2, 0}, {3, 1, 0}, {0, 1, 2}};
  for (size_t channel = 0; channel < 3; ++channel) {
    rgb[channel] = static_cast<uint8_t>(levels[kLevelOf[sector % 6][channel]] + 0.5f);  // NOLINT(bugprone-incorrect-roundings)
  }
}

// What becomes of each hue and of each saturation.
struct HsvTables {
  ByteTable hue;
  ByteTable saturation;
};

int Modulo(int value, int period) { return (value % period + period) % period; }

HsvTables AddTables(int add_hue, int add_saturation) {
  // imgaug's values count 255 for the whole circle.
  const int shift = static_cast<int>(static_cast<float>(add_hue) / 255.0f * kHues);
  HsvTables tables;
  for (int i = 0; i < 256; ++i) {
    tables.hue[static_cast<size_t>(i)] = static_cast<uint8_t>(Modulo(i + shift, kHues));
    tables.saturation[static_cast<size_t>(i)] = static_cast<uint8_t>(std::clamp(i + add_saturation, 0, 255));
  }
  return tables;
}

HsvTables MultiplyTables(double mul_hue, double mul_saturation) {
  HsvTables tables;
  for (int i = 0; i < 256; ++i) {
    const int hue = static_cast<int>(static_cast<float>(i) / kHues * 255.0f);
    const int multiplied = static_cast<int>(std::nearbyint(static_cast<float>(hue) * static_cast<float>(mul_hue)));
    tables.hue[static_cast<size_t>(i)] = static_cast<uint8_t>(static_cast<float>(Modulo(multiplied, 255)) / 255.0f * kHues);
    const float saturation = std::nearbyint(static_cast<float>(i) * static_cast<float>(mul_saturation));
    tables.saturation[static_cast<size_t>(i)] = static_cast<uint8_t>(std::clamp(saturation, 0.0f, 255.0f));
  }
  return tables;
}

void ApplyHsvTables(const HsvTables& tables, Picture picture) {
  for (size_t i = 0; i < picture.rgb.size(); i += 3) {
    uint8_t* const rgb = &picture.rgb[i];
    const Hsv hsv = ToHsv(rgb);
    FromHsv({tables.hue[hsv.hue], tables.saturation[hsv.saturation], hsv.value}, rgb);
  }
}

struct HueSettings {
  // One for both, by the chance per_channel drawn for each; or one for either.
  std::optional<Distribution> both;
  double per_channel = 0;
  Distribution hue;
  Distribution saturation;
};

class ChangeHueAndSaturation : public Step {
 public:
  ChangeHueAndSaturation(uint32_t number, bool multiply, HueSettings settings)
      : Step(number), multiply_(multiply), settings_(std::move(settings)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    const auto [hue, saturation] = DrawPair(random);
    const HsvTables tables = multiply_ ? MultiplyTables(hue, saturation) : AddTables(static_cast<int>(hue), static_cast<int>(saturation));
    ApplyHsvTables(tables, picture);
  }

 private:
  double Draw(const Distribution& distribution, RandomStream& random) const {
    return multiply_ ? distribution.Draw(random) : distribution.DrawInteger(random);
  }

  std::pair<double, double> DrawPair(RandomStream& random) const {
    const bool apart = !settings_.both || Happens(settings_.per_channel, random);
    const double hue = Draw(settings_.both ? *settings_.both : settings_.hue, random);
    return {hue, apart ? Draw(settings_.both ? *settings_.both : settings_.saturation, random) : hue};
  }

  const bool multiply_;
  const HueSettings settings_;
};

// What adding and multiplying do not share.
struct HueNames {
  bool multiply;
  std::string_view both;
  std::string_view hue;
  std::string_view saturation;
  Range hue_allowed;
  Range saturation_allowed;
  double neutral;
};
constexpr HueNames kAdd = {false, "value", "value_hue", "value_saturation", {-255, 255}, {-255, 255}, 0};
constexpr HueNames kMultiply = {true, "mul", "mul_hue", "mul_saturation", {-10, 10}, {0, 10}, 1};

absl::StatusOr<std::unique_ptr<Step>> MakeBoth(StepFields* fields, const HueNames& names, const Distribution& hue,
                                               const Distribution& saturation) {
  const Distribution neutral = Distribution::Constant(names.neutral);
  HueSettings settings{.both = std::nullopt, .hue = neutral, .saturation = neutral};
  const bool both = !fields->Raw(names.both).is_null();
  const bool either = !fields->Raw(names.hue).is_null() || !fields->Raw(names.saturation).is_null();
  if (both && either) fields->Fail(names.both, "stands beside settings for hue or saturation alone; only one kind may be given");
  if (both) {
    settings.both = fields->Drawn(names.both, neutral, names.hue_allowed);
  } else {
    settings.hue = fields->Drawn(names.hue, either ? neutral : hue, names.hue_allowed);
    settings.saturation = fields->Drawn(names.saturation, either ? neutral : saturation, names.saturation_allowed);
  }
  settings.per_channel = fields->Chance("per_channel", 0);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<ChangeHueAndSaturation>(fields->number(), names.multiply, std::move(settings));
}

absl::StatusOr<std::unique_ptr<Step>> MakeAddToBoth(StepFields* fields) {
  return MakeBoth(fields, kAdd, Distribution::Uniform(-40, 40), Distribution::Uniform(-40, 40));
}

absl::StatusOr<std::unique_ptr<Step>> MakeMultiplyBoth(StepFields* fields) {
  return MakeBoth(fields, kMultiply, Distribution::Uniform(0.5, 1.5), Distribution::Uniform(0, 1.7));
}

// Hue or saturation alone; its setting is called "value" or "mul".
absl::StatusOr<std::unique_ptr<Step>> MakeOne(StepFields* fields, const HueNames& names, bool hue, const Distribution& otherwise) {
  const Distribution neutral = Distribution::Constant(names.neutral);
  HueSettings settings{.both = std::nullopt, .hue = neutral, .saturation = neutral};
  (hue ? settings.hue : settings.saturation) = fields->Drawn(names.both, otherwise, hue ? names.hue_allowed : names.saturation_allowed);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<ChangeHueAndSaturation>(fields->number(), names.multiply, std::move(settings));
}

absl::StatusOr<std::unique_ptr<Step>> MakeAddToHue(StepFields* fields) {
  return MakeOne(fields, kAdd, true, Distribution::Uniform(-255, 255));
}

absl::StatusOr<std::unique_ptr<Step>> MakeAddToSaturation(StepFields* fields) {
  return MakeOne(fields, kAdd, false, Distribution::Uniform(-75, 75));
}

absl::StatusOr<std::unique_ptr<Step>> MakeMultiplyHue(StepFields* fields) {
  return MakeOne(fields, kMultiply, true, Distribution::Uniform(-3, 3));
}

absl::StatusOr<std::unique_ptr<Step>> MakeMultiplySaturation(StepFields* fields) {
  return MakeOne(fields, kMultiply, false, Distribution::Uniform(0, 3));
}

constexpr StepType kTypes[] = {
    {.name = "add_to_hue_and_saturation",
     .main_setting = "value",
     .summary = "adds to hue (255 is the whole circle) and saturation",
     .make = MakeAddToBoth},
    {.name = "add_to_hue", .main_setting = "value", .summary = "adds to the hue (255 is the whole circle)", .make = MakeAddToHue},
    {.name = "add_to_saturation", .main_setting = "value", .summary = "adds to the saturation", .make = MakeAddToSaturation},
    {.name = "multiply_hue_and_saturation", .main_setting = "mul", .summary = "multiplies hue and saturation", .make = MakeMultiplyBoth},
    {.name = "multiply_hue", .main_setting = "mul", .summary = "multiplies the hue", .make = MakeMultiplyHue},
    {.name = "multiply_saturation", .main_setting = "mul", .summary = "multiplies the saturation", .make = MakeMultiplySaturation},
};

}  // namespace

std::span<const StepType> HueSteps() { return kTypes; }

}  // namespace seedbed::augment
