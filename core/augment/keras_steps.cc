// Keras's ImageDataGenerator as steps: keras draws as get_random_transform does, keras_transform has the numbers given.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/augment/keras_transform.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;

constexpr double kMaxPixels = 1e6;
constexpr double kMaxFactor = 100;

// width_shift_range or height_shift_range.
struct Shift {
  enum class Kind {
    kNone,
    kFraction,  // a real number of pixels between -range * size and range * size
    kPixels,    // a real number between -range and range
    kWhole,     // a whole number above -range and below range
    kOneOf,     // one of the choices, in pixels or, where all are below 1, parts of the size; in either direction
  };
  Kind kind = Kind::kNone;
  double range = 0;
  std::vector<double> choices;

  double Draw(RandomStream& random, int size) const {
    switch (kind) {
      case Kind::kNone:
        return 0;
      case Kind::kFraction:
        return random.NextUniformDouble(-range, range) * size;
      case Kind::kPixels:
        return random.NextUniformDouble(-range, range);
      case Kind::kWhole:
        return random.NextBelow(static_cast<uint32_t>(range)) * Sign(random);
      case Kind::kOneOf: {
        const double choice = choices[random.NextBelow(static_cast<uint32_t>(choices.size()))] * Sign(random);
        return *std::max_element(choices.begin(), choices.end()) < 1 ? choice * size : choice;
      }
    }
    std::abort();  // not reached: all kinds are above
  }

 private:
  static double Sign(RandomStream& random) { return random.NextBelow(2) == 0 ? -1 : 1; }
};

// A number without a fraction stands for Keras's whole numbers, since lists of steps do not tell 5 from 5.0.
Shift ReadShift(StepFields* fields, std::string_view name) {
  const json value = fields->Raw(name);
  Shift shift;
  fields->Resolve(name, value.is_null() ? json(0) : value);
  const auto in_range = [](const json& number) {
    return number.is_number() && number.get<double>() >= 0 && number.get<double>() <= kMaxPixels;
  };
  if (value.is_null()) return shift;
  if (in_range(value)) {
    shift.range = value.get<double>();
    const bool whole = shift.range == std::floor(shift.range);
    if (shift.range > 0) shift.kind = shift.range < 1 ? Shift::Kind::kFraction : whole ? Shift::Kind::kWhole : Shift::Kind::kPixels;
  } else if (value.is_object() && value.size() == 1 && value.contains("pixels") && in_range(value["pixels"])) {
    shift.range = value["pixels"].get<double>();
    if (shift.range > 0) shift.kind = Shift::Kind::kPixels;
  } else if (value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), in_range)) {
    shift = {.kind = Shift::Kind::kOneOf, .choices = value.get<std::vector<double>>()};
  } else {
    fields->Fail(name, absl::StrCat("is ", value.dump(), "; it must be a part of the size below 1, a number of pixels of at most ",
                                    kMaxPixels, ", {\"pixels\": number}, or a list of these numbers"));
  }
  return shift;
}

// [low, high], or nullopt when absent.
std::optional<Range> ReadPair(StepFields* fields, std::string_view name, const json& value) {
  if (value.is_null()) return std::nullopt;
  const auto in_range = [](const json& number) {
    return number.is_number() && number.get<double>() >= 0 && number.get<double>() <= kMaxFactor;
  };
  if (!value.is_array() || value.size() != 2 || !std::all_of(value.begin(), value.end(), in_range)) {
    fields->Fail(name, absl::StrCat("is ", value.dump(), "; it must be [low, high], both between 0 and ", kMaxFactor));
    return std::nullopt;
  }
  const Range range{value[0].get<double>(), value[1].get<double>()};
  if (range.low > range.high) {
    fields->Fail(name, absl::StrCat("runs from ", range.low, " to ", range.high, "; the lower end comes first"));
  }
  return range;
}

Range ReadZoom(StepFields* fields) {
  const json value = fields->Raw("zoom_range");
  Range zoom{1, 1};
  if (value.is_number()) {
    const double by = value.get<double>();
    zoom = {1 - by, 1 + by};
    if (!(by >= 0 && by <= 1)) fields->Fail("zoom_range", absl::StrCat("is ", by, "; it must lie between 0 and 1, or be [low, high]"));
  } else {
    zoom = ReadPair(fields, "zoom_range", value).value_or(zoom);
  }
  fields->Resolve("zoom_range", {zoom.low, zoom.high});
  return zoom;
}

KerasSettings ReadSettings(StepFields* fields) {
  const std::string fill_mode = fields->Choice("fill_mode", "nearest", {"nearest", "constant", "reflect", "wrap"});
  KerasSettings settings;
  if (fill_mode == "constant") settings.border = Border::kConstant;
  if (fill_mode == "reflect") settings.border = Border::kReflect;
  if (fill_mode == "wrap") settings.border = Border::kWrap;
  settings.fill = static_cast<uint8_t>(std::lround(fields->Number("cval", 0, {0, 255})));
  if (fields->Choice("compat", "keras3", {"keras2", "keras3"}) == "keras2") settings.compat = KerasCompat::kKeras2;
  return settings;
}

// Keras's parameters of the same names.
struct Ranges {
  double rotation;
  Shift height_shift, width_shift;
  double shear;
  Range zoom;
  double channel_shift;
  std::optional<Range> brightness;
  bool horizontal_flip, vertical_flip;
};

class Keras : public Step {
 public:
  Keras(uint32_t number, Ranges ranges, KerasSettings settings) : Step(number), ranges_(std::move(ranges)), settings_(settings) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    ApplyKerasTransform(Draw(Random(sample), picture), settings_, picture, scratch);
  }

 private:
  // In Keras's order.
  KerasTransform Draw(RandomStream random, Picture picture) const {
    const auto symmetric = [&random](double range) { return range == 0 ? 0 : random.NextUniformDouble(-range, range); };
    KerasTransform drawn;
    drawn.theta = symmetric(ranges_.rotation);
    drawn.tx = ranges_.height_shift.Draw(random, picture.height);
    drawn.ty = ranges_.width_shift.Draw(random, picture.width);
    drawn.shear = symmetric(ranges_.shear);
    if (ranges_.zoom.low != 1 || ranges_.zoom.high != 1) {
      drawn.zx = random.NextUniformDouble(ranges_.zoom.low, ranges_.zoom.high);
      drawn.zy = random.NextUniformDouble(ranges_.zoom.low, ranges_.zoom.high);
    }
    drawn.flip_horizontal = random.NextUniformDouble(0, 1) < 0.5 && ranges_.horizontal_flip;
    drawn.flip_vertical = random.NextUniformDouble(0, 1) < 0.5 && ranges_.vertical_flip;
    if (ranges_.channel_shift != 0) drawn.channel_shift_intensity = symmetric(ranges_.channel_shift);
    if (ranges_.brightness) drawn.brightness = random.NextUniformDouble(ranges_.brightness->low, ranges_.brightness->high);
    return drawn;
  }

  const Ranges ranges_;
  const KerasSettings settings_;
};

absl::StatusOr<std::unique_ptr<Step>> MakeKeras(StepFields* fields) {
  Ranges ranges;
  ranges.rotation = fields->Number("rotation_range", 0, {0, 360});
  ranges.height_shift = ReadShift(fields, "height_shift_range");
  ranges.width_shift = ReadShift(fields, "width_shift_range");
  ranges.shear = fields->Number("shear_range", 0, {0, 360});
  ranges.zoom = ReadZoom(fields);
  ranges.channel_shift = fields->Number("channel_shift_range", 0, {0, 255});
  const json brightness = fields->Raw("brightness_range");
  ranges.brightness = ReadPair(fields, "brightness_range", brightness);
  fields->Resolve("brightness_range", brightness);
  ranges.horizontal_flip = fields->Flag("horizontal_flip", false);
  ranges.vertical_flip = fields->Flag("vertical_flip", false);
  const KerasSettings settings = ReadSettings(fields);
  fields->MarkRandom();
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Keras>(fields->number(), std::move(ranges), settings);
}

class FixedKeras : public Step {
 public:
  FixedKeras(uint32_t number, const KerasTransform& transform, KerasSettings settings)
      : Step(number), transform_(transform), settings_(settings) {}

  void Apply(const Sample& /*sample*/, Picture picture, Scratch* scratch) const override {
    ApplyKerasTransform(transform_, settings_, picture, scratch);
  }

 private:
  const KerasTransform transform_;
  const KerasSettings settings_;
};

// Absent or null: there is none.
std::optional<double> ReadOptional(StepFields* fields, std::string_view name, Range allowed) {
  if (!fields->Raw(name).is_null()) return fields->Number(name, 0, allowed);
  fields->Resolve(name, nullptr);
  return std::nullopt;
}

absl::StatusOr<std::unique_ptr<Step>> MakeFixedKeras(StepFields* fields) {
  KerasTransform transform;
  transform.theta = fields->Number("theta", 0, {-360, 360});
  transform.tx = fields->Number("tx", 0, {-kMaxPixels, kMaxPixels});
  transform.ty = fields->Number("ty", 0, {-kMaxPixels, kMaxPixels});
  transform.shear = fields->Number("shear", 0, {-360, 360});
  transform.zx = fields->Number("zx", 1, {0, kMaxFactor});
  transform.zy = fields->Number("zy", 1, {0, kMaxFactor});
  transform.flip_horizontal = fields->Flag("flip_horizontal", false);
  transform.flip_vertical = fields->Flag("flip_vertical", false);
  transform.channel_shift_intensity = ReadOptional(fields, "channel_shift_intensity", {-255, 255});
  transform.brightness = ReadOptional(fields, "brightness", {0, kMaxFactor});
  const KerasSettings settings = ReadSettings(fields);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<FixedKeras>(fields->number(), transform, settings);
}

constexpr StepType kTypes[] = {
    {.name = "keras",
     .main_setting = "",
     .summary = "Keras's ImageDataGenerator: rotation, shifts, shear, zoom, channel shift, brightness and flips, drawn",
     .make = MakeKeras},
    {.name = "keras_transform",
     .main_setting = "",
     .summary = "the same changes by given amounts: Keras's apply_transform",
     .make = MakeFixedKeras},
};

}  // namespace

std::span<const StepType> KerasSteps() { return kTypes; }

}  // namespace seedbed::augment
