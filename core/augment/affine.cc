// imgaug's affine (imgaug 0.4.0, augmenters/geometric.py), by the OpenCV function that imgaug calls: its positions are rounded to 1/32
// pixel, which no exact interpolation gives back.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/augment/cv_picture.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/augment/warp.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

// What is drawn along each axis: one number for both, unless `apart`.
struct AxisPair {
  Distribution x = Distribution::Constant(0);
  Distribution y = Distribution::Constant(0);
  bool apart = false;

  std::pair<double, double> Draw(RandomStream& random) const {
    const double drawn_x = x.Draw(random);
    return {drawn_x, apart ? y.Draw(random) : drawn_x};
  }
  std::pair<double, double> DrawIntegers(RandomStream& random) const {
    const double drawn_x = x.DrawInteger(random);
    return {drawn_x, apart ? y.DrawInteger(random) : drawn_x};
  }
};

struct AffineSettings {
  AxisPair scale;
  AxisPair translate;
  bool percent = false;  // translate is a part of the size, instead of pixels
  Distribution rotate = Distribution::Constant(0);
  AxisPair shear;
  Distribution cval = Distribution::Constant(0);
  int border = cv::BORDER_CONSTANT;
  int interpolation = cv::INTER_LINEAR;
};

// imgaug draws in single precision and turns angles into radians in it.
double Single(double value) { return static_cast<float>(value); }
double Radians(double degrees) { return static_cast<float>(degrees) * (std::numbers::pi_v<float> / 180.0f); }

// scikit-image's AffineTransform since 0.19, which imgaug makes its matrix of: sheared, scaled, turned, moved. In its order of operations,
// since OpenCV rounds positions: the last bit can decide between two pixels.
AffineMap Transform(double scale_x, double scale_y, double shear, double angle, double move_x, double move_y) {
  const double cosine = std::cos(angle), sine = std::sin(angle), slant = std::tan(shear);
  return {.xx = scale_x * cosine,
          .xy = -scale_y * (slant * cosine + sine),
          .x0 = move_x,
          .yx = scale_x * sine,
          .yy = -scale_y * (slant * sine - cosine),
          .y0 = move_y};
}

AffineMap Rotation(double angle) { return Transform(1, 1, 0, angle, 0, 0); }
AffineMap Translation(double x, double y) { return {.x0 = x, .y0 = y}; }

bool IsIdentity(const AffineMap& map) {
  constexpr double kTolerance = 9e-4;  // imgaug's: a mean of 1e-4 over 9 elements
  return std::abs(map.xx - 1) + std::abs(map.xy) + std::abs(map.x0) + std::abs(map.yx) + std::abs(map.yy - 1) + std::abs(map.y0) <=
         kTolerance;
}

class Affine : public Step {
 public:
  Affine(uint32_t number, AffineSettings settings) : Step(number), settings_(std::move(settings)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    const AffineMap map = DrawMap(random, picture.width, picture.height);
    std::array<double, 3> fill;
    for (double& value : fill) value = std::floor(settings_.cval.Draw(random));
    if (IsIdentity(map)) return;
    const cv::Matx23d forward(map.xx, map.xy, map.x0, map.yx, map.yy, map.y0);
    cv::Mat target = CvPixels(picture);
    cv::warpAffine(CvCopy(picture, 0, scratch), target, forward, target.size(), settings_.interpolation, settings_.border,
                   {fill[0], fill[1], fill[2]});
  }

 private:
  // By how many pixels, from what was drawn for an axis of this size.
  double Move(double drawn, int size) const { return settings_.percent ? Single(drawn) * size : drawn / size * size; }

  // Where each pixel goes to.
  AffineMap DrawMap(RandomStream& random, int width, int height) const {
    const auto [scale_x, scale_y] = settings_.scale.Draw(random);
    const auto [move_x, move_y] = settings_.percent ? settings_.translate.Draw(random) : settings_.translate.DrawIntegers(random);
    const double angle = Radians(settings_.rotate.Draw(random));
    const auto [shear_x, shear_y] = settings_.shear.Draw(random);
    // A shear along y is one along x of the picture turned by a quarter, for which imgaug cuts pi off here.
    constexpr double kQuarterTurn = 3.141592 / 2;  // NOLINT(modernize-use-std-numbers)
    const double centre_x = width / 2.0 - 0.5, centre_y = height / 2.0 - 0.5;
    AffineMap map = Translation(-centre_x, -centre_y);
    map = Compose(Rotation(-kQuarterTurn), map);
    map = Compose(Transform(1, 1, Radians(shear_y), 0, 0, 0), map);
    map = Compose(Rotation(kQuarterTurn), map);
    map = Compose(Transform(Single(scale_x), Single(scale_y), Radians(shear_x), angle, Move(move_x, width), Move(move_y, height)), map);
    return Compose(Translation(centre_x, centre_y), map);
  }

  const AffineSettings settings_;
};

// Reads a setting that is a distribution, or {x: distribution, y: distribution} with `otherwise` for one that is absent.
class AxisPairReader {
 public:
  explicit AxisPairReader(StepFields* fields) : fields_(fields) {}

  AxisPair Read(std::string_view name, double otherwise, Range allowed) {
    const nlohmann::json value = fields_->Raw(name);
    const bool apart = value.is_object() && !value.empty() && std::all_of(value.items().begin(), value.items().end(), [](const auto& item) {
                         return item.key() == "x" || item.key() == "y";
                       });
    const std::string path = absl::StrCat(fields_->path(), ".", ToAbsl(name));
    AxisPair pair{.x = Distribution::Constant(otherwise), .y = Distribution::Constant(otherwise), .apart = apart};
    if (apart) {
      if (value.contains("x")) pair.x = Parse(value["x"], allowed, path + ".x");
      if (value.contains("y")) pair.y = Parse(value["y"], allowed, path + ".y");
      fields_->Resolve(name, {{"x", pair.x.ToJson()}, {"y", pair.y.ToJson()}});
    } else {
      if (!value.is_null()) pair.x = Parse(value, allowed, path);
      fields_->Resolve(name, pair.x.ToJson());
    }
    return pair;
  }

 private:
  Distribution Parse(const nlohmann::json& value, Range allowed, const std::string& path) {
    const absl::StatusOr<Distribution> parsed = Distribution::Parse(value, allowed, path);
    if (!parsed.ok()) {
      fields_->Note(parsed.status());
      return Distribution::Constant(allowed.high);
    }
    if (!parsed->constant()) fields_->MarkRandom();
    return *parsed;
  }

  StepFields* const fields_;
};

constexpr Range kScales = {1e-4, 100}, kParts = {-10, 10}, kPixels = {-4096, 4096}, kAngles = {-360, 360}, kShears = {-89, 89};

void ReadTranslation(StepFields* fields, AffineSettings* settings) {
  const bool percent = !fields->Raw("translate_percent").is_null(), pixels = !fields->Raw("translate_px").is_null();
  if (percent && pixels) fields->Fail("translate_px", "stands beside translate_percent; only one of them may be given");
  AxisPairReader reader(fields);
  settings->percent = percent;
  settings->translate = percent ? reader.Read("translate_percent", 0, kParts) : reader.Read("translate_px", 0, kPixels);
}

// What imgaug does when none of the settings that move pixels is given.
void UseDefaults(StepFields* fields, AffineSettings* settings) {
  const auto both = [&](std::string_view name, double low, double high) {
    const Distribution uniform = Distribution::Uniform(low, high);
    fields->Resolve(name, {{"x", uniform.ToJson()}, {"y", uniform.ToJson()}});
    return AxisPair{.x = uniform, .y = uniform, .apart = true};
  };
  settings->scale = both("scale", 0.9, 1.1);
  settings->translate = both("translate_percent", -0.1, 0.1);
  settings->percent = true;
  settings->shear = both("shear", -10, 10);
  settings->rotate = fields->Drawn("rotate", Distribution::Uniform(-15, 15), kAngles);
  fields->MarkRandom();
}

void ReadMoves(StepFields* fields, AffineSettings* settings) {
  bool none = true;
  for (const std::string_view name : {"scale", "translate_percent", "translate_px", "rotate", "shear"}) none &= fields->Raw(name).is_null();
  if (none) return UseDefaults(fields, settings);
  AxisPairReader reader(fields);
  settings->scale = reader.Read("scale", 1, kScales);
  ReadTranslation(fields, settings);
  settings->rotate = fields->Drawn("rotate", Distribution::Constant(0), kAngles);
  const bool single_shear = fields->Raw("shear").is_number();
  settings->shear = reader.Read("shear", 0, kShears);
  // A single number shears along x alone, a distribution along both by the same angle.
  if (single_shear) settings->shear.apart = true;
}

absl::StatusOr<std::unique_ptr<Step>> MakeAffine(StepFields* fields) {
  AffineSettings settings;
  ReadMoves(fields, &settings);
  settings.cval = fields->Drawn("cval", Distribution::Constant(0), {0, 255});
  settings.border = ReadCvBorder("mode", fields);
  settings.interpolation = fields->Integer("order", 1, {0, 1}) == 0 ? cv::INTER_NEAREST : cv::INTER_LINEAR;
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Affine>(fields->number(), std::move(settings));
}

constexpr StepType kTypes[] = {
    {.name = "affine", .main_setting = "", .summary = "scales, shears, turns (degrees) and moves about the centre", .make = MakeAffine},
};

}  // namespace

std::span<const StepType> AffineSteps() { return kTypes; }

}  // namespace seedbed::augment
