// The step that removes the background (core/image/background.h).
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"
#include "core/image/background.h"
#include "core/image/median.h"

namespace seedbed::augment {
namespace {

using image::BackgroundRemoval;
using image::ColourBall;
using image::Rgb;
using nlohmann::json;

constexpr std::string_view kSeedlings = "seedlings";
constexpr std::string_view kColour = "colour";
constexpr std::string_view kExcessGreen = "excess_green";
constexpr std::string_view kOtsu = "otsu";
constexpr int kDefaultThreshold = 1600;  // a distance of 40, squared
constexpr double kDefaultGreen = 0.1;
constexpr int kMaxRadius = 50;

class RemoveBackground : public Step {
 public:
  RemoveBackground(uint32_t number, BackgroundRemoval removal) : Step(number), removal_(std::move(removal)) {}

  void Apply(const Sample& /*sample*/, Picture picture, Scratch* scratch) const override {
    const std::span<uint8_t> bytes = scratch->Bytes(0, image::BackgroundBytes(removal_, picture.width, picture.height));
    const std::span<int32_t> integers = scratch->Integers(0, image::BackgroundIntegers(removal_, picture.width, picture.height));
    image::RemoveBackground(removal_, picture.width, picture.height, picture.rgb, bytes, integers);
  }

 private:
  const BackgroundRemoval removal_;
};

bool IsIntegerWithin(const json& value, int most) {
  return value.is_number_integer() && value.get<double>() >= 0 && value.get<double>() <= most;
}

std::optional<Rgb> ReadRgb(const json& value) {
  const auto is_level = [](const json& level) { return IsIntegerWithin(level, 255); };
  if (!value.is_array() || value.size() != 3 || !std::all_of(value.begin(), value.end(), is_level)) return std::nullopt;
  return value.get<Rgb>();
}

// The balls' radii: one for each colour, or one for all.
void ReadThresholds(StepFields* fields, std::vector<ColourBall>* colours) {
  json thresholds = fields->Raw("thresholds");
  if (thresholds.is_null()) thresholds = kDefaultThreshold;
  if (!thresholds.is_array()) thresholds = json::array_t(colours->size(), thresholds);
  if (thresholds.size() != colours->size()) {
    return fields->Fail("thresholds", absl::StrCat("has ", thresholds.size(), " numbers for ", colours->size(), " colours"));
  }
  for (size_t i = 0; i < colours->size(); ++i) {
    if (!IsIntegerWithin(thresholds[i], image::kMaxRedmeanDistance)) {
      return fields->Fail("thresholds", absl::StrCat("has ", thresholds[i].dump(), "; it takes squared distances, whole numbers from 0 to ",
                                                     image::kMaxRedmeanDistance));
    }
    (*colours)[i].threshold = thresholds[i].get<int>();
  }
}

// A preset's colours, or a list with thresholds.
std::vector<ColourBall> ReadColours(StepFields* fields) {
  const json preset = fields->Raw("preset"), listed = fields->Raw("colours");
  if (listed.is_null()) {
    if (!preset.is_null() && preset != kSeedlings) fields->Fail("preset", absl::StrCat("is ", preset.dump(), "; known is seedlings"));
    if (!fields->Raw("thresholds").is_null()) fields->Fail("thresholds", "belongs to colours, of which there are none");
    const std::span<const ColourBall> seedlings = image::SeedlingColours();
    return {seedlings.begin(), seedlings.end()};
  }
  std::vector<ColourBall> colours;
  if (!preset.is_null()) fields->Fail("preset", "and colours exclude each other");
  if (!listed.is_array() || listed.empty()) fields->Fail("colours", absl::StrCat("is ", listed.dump(), "; it must be a list of [r, g, b]"));
  for (const json& colour : listed) {
    const std::optional<Rgb> rgb = ReadRgb(colour);
    if (!rgb) fields->Fail("colours", absl::StrCat("has ", colour.dump(), "; a colour is [r, g, b] with whole numbers from 0 to 255"));
    colours.push_back({.rgb = rgb.value_or(Rgb{})});
  }
  ReadThresholds(fields, &colours);
  return colours;
}

void ReadColourMethod(StepFields* fields, BackgroundRemoval* removal) {
  if (!fields->Raw("threshold").is_null()) fields->Fail("threshold", "belongs to the method excess_green; colours have thresholds");
  removal->method = BackgroundRemoval::Method::kColour;
  removal->colours = ReadColours(fields);
  json colours = json::array(), thresholds = json::array();
  for (const ColourBall& ball : removal->colours) {
    colours.push_back(ball.rgb);
    thresholds.push_back(ball.threshold);
  }
  fields->Resolve("colours", std::move(colours));
  fields->Resolve("thresholds", std::move(thresholds));
}

void ReadGreenMethod(StepFields* fields, BackgroundRemoval* removal) {
  for (const std::string_view other : {"preset", "colours", "thresholds"}) {
    if (!fields->Raw(other).is_null()) fields->Fail(other, "belongs to the method colour");
  }
  removal->method = BackgroundRemoval::Method::kExcessGreen;
  removal->otsu = fields->Raw("threshold") == kOtsu;
  if (removal->otsu) return fields->Resolve("threshold", kOtsu);
  removal->green_threshold = static_cast<int>(std::lround(image::kGreenSteps * fields->Number("threshold", kDefaultGreen, {-1, 2})));
}

void ReadFill(StepFields* fields, BackgroundRemoval* removal) {
  json fill = fields->Raw("fill");
  if (fill.is_number()) fill = json::array({fill, fill, fill});
  if (const std::optional<Rgb> rgb = ReadRgb(fill)) {
    removal->fill = *rgb;
  } else if (!fill.is_null()) {
    fields->Fail("fill", absl::StrCat("is ", fill.dump(), "; it takes [r, g, b] or one number, whole numbers from 0 to 255"));
  }
  fields->Resolve("fill", removal->fill);
}

absl::StatusOr<std::unique_ptr<Step>> MakeRemoveBackground(StepFields* fields) {
  BackgroundRemoval removal;
  const std::string method = fields->Choice("method", kColour, {std::string(kColour), std::string(kExcessGreen)});
  if (method == kColour) {
    ReadColourMethod(fields, &removal);
  } else {
    ReadGreenMethod(fields, &removal);
  }
  removal.open = fields->Integer("open", 0, {0, kMaxRadius});
  removal.close = fields->Integer("close", 0, {0, kMaxRadius});
  removal.keep_largest = fields->Flag("keep_largest", false);
  ReadFill(fields, &removal);
  removal.median = fields->Integer("median", removal.median, {0, image::kMaxMedianSize});
  if (removal.median != 0 && !image::IsMedianSize(removal.median)) {
    fields->Fail("median",
                 absl::StrCat("is ", removal.median, "; it takes odd sizes from 3 to ", image::kMaxMedianSize, ", or 0 for none"));
  }
  removal.mask = fields->Flag("mask", false);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<RemoveBackground>(fields->number(), std::move(removal));
}

constexpr StepType kTypes[] = {
    {.name = "remove_background",
     .main_setting = "preset",
     .summary = "fills what is not leaf-coloured, by colour distance or excess green, and blurs by the median",
     .make = MakeRemoveBackground},
};

}  // namespace

std::span<const StepType> BackgroundSteps() { return kTypes; }

}  // namespace seedbed::augment
