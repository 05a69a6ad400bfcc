#include "core/image/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/preprocessing_presets.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace seedbed::image {
namespace {

using nlohmann::json;

constexpr int kMaxSide = 4'096;
constexpr std::array<double, 3> kNoMean = {0, 0, 0};
constexpr std::array<double, 3> kNoStd = {1, 1, 1};

template <typename T>
absl::Status Check(bool good, std::string_view setting, const T& value, std::string_view allowed) {
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(setting), " is ", value, "; it must be ", ToAbsl(allowed)));
}

bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

// One number when all channels have the same.
std::string ChannelsText(const std::array<double, 3>& values) {
  if (values[0] == values[1] && values[1] == values[2]) return absl::StrCat(values[0]);
  return absl::StrCat("(", absl::StrJoin(values, ", "), ")");
}

std::string_view OrderText(ChannelOrder channels) { return channels == ChannelOrder::kRgb ? "RGB" : "BGR"; }
std::string_view CenterText(Center center) { return center == Center::kMeanImage ? "minus the mean image" : "without a mean image"; }
std::string SizeText(const Preprocessing& preprocessing) { return absl::StrCat(preprocessing.width, "x", preprocessing.height); }
std::string StepsText(const Preprocessing& preprocessing) { return preprocessing.steps.empty() ? "none" : preprocessing.steps; }

std::string_view StandardizeName(Standardize standardize) {
  if (standardize == Standardize::kNone) return "none";
  return standardize == Standardize::kCenter ? "center" : "center_and_scale";
}

absl::StatusOr<Standardize> StandardizeFrom(const json& value, const char* member) {
  const std::string name = value.value(member, "none");
  for (const Standardize standardize : {Standardize::kNone, Standardize::kCenter, Standardize::kCenterAndScale}) {
    if (StandardizeName(standardize) == name) return standardize;
  }
  return absl::DataLossError(absl::StrCat("unknown ", member, " '", name, "'"));
}

// A list of objects with one name each.
bool AreSteps(const json& list) {
  if (!list.is_array() || list.empty()) return false;
  return std::all_of(list.begin(), list.end(), [](const json& step) { return step.is_object() && step.size() == 1; });
}
json ParsedSteps(const std::string& steps) { return json::parse(steps, /*cb=*/nullptr, /*allow_exceptions=*/false); }

absl::StatusOr<Preprocessing> Parse(const json& value) {
  Preprocessing preprocessing;
  preprocessing.width = value.at("width").get<int>();
  preprocessing.height = value.at("height").get<int>();
  const std::string interpolation = value.at("interpolation").get<std::string>();
  const std::optional<Filter> filter = FilterFromName(interpolation);
  if (!filter) return absl::DataLossError(absl::StrCat("unknown interpolation '", interpolation, "'"));
  preprocessing.interpolation = *filter;
  preprocessing.rescale = value.at("rescale").get<double>();
  preprocessing.mean = value.value("mean", kNoMean);
  preprocessing.std = value.value("std", kNoStd);
  const std::string channels = value.value("channels", "rgb");
  if (channels != "rgb" && channels != "bgr") return absl::DataLossError(absl::StrCat("unknown channels '", channels, "'"));
  preprocessing.channels = channels == "rgb" ? ChannelOrder::kRgb : ChannelOrder::kBgr;
  const std::string center = value.at("center").get<std::string>();
  if (center != "mean_image" && center != "none") return absl::DataLossError(absl::StrCat("unknown center '", center, "'"));
  preprocessing.center = center == "none" ? Center::kNone : Center::kMeanImage;
  if (const auto steps = value.find("pipeline"); steps != value.end()) preprocessing.steps = steps->dump();
  SB_ASSIGN_OR_RETURN(preprocessing.samplewise, StandardizeFrom(value, "samplewise"));
  SB_ASSIGN_OR_RETURN(preprocessing.featurewise, StandardizeFrom(value, "featurewise"));
  return preprocessing;
}

}  // namespace

absl::StatusOr<Preprocessing> PresetNamed(std::string_view name) {
  for (const PreprocessingPreset& preset : kPreprocessingPresets) {
    if (preset.name != name) continue;
    Preprocessing preprocessing;
    preprocessing.rescale = preset.rescale;
    preprocessing.mean = preset.mean;
    preprocessing.std = preset.std;
    preprocessing.channels = preset.bgr ? ChannelOrder::kBgr : ChannelOrder::kRgb;
    preprocessing.center = Center::kNone;
    return preprocessing;
  }
  const std::vector<std::string> names = PresetNames();
  return absl::InvalidArgumentError(absl::StrCat("there is no preprocessing '", ToAbsl(name), "'", DidYouMean(name, names, "."),
                                                 " Known are ", absl::StrJoin(names, ", ")));
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const PreprocessingPreset& preset : kPreprocessingPresets) names.emplace_back(preset.name);
  return names;
}

absl::Status CheckPreprocessing(const Preprocessing& preprocessing) {
  const auto is_side = [](int side) { return side >= 1 && side <= kMaxSide; };
  SB_RETURN_IF_ERROR(Check(is_side(preprocessing.width), "width", preprocessing.width, "from 1 to 4,096"));
  SB_RETURN_IF_ERROR(Check(is_side(preprocessing.height), "height", preprocessing.height, "from 1 to 4,096"));
  SB_RETURN_IF_ERROR(Check(IsPositive(preprocessing.rescale), "rescale", preprocessing.rescale, "a number above 0"));
  for (const double mean : preprocessing.mean) SB_RETURN_IF_ERROR(Check(std::isfinite(mean), "mean", mean, "a number for each channel"));
  for (const double std : preprocessing.std) SB_RETURN_IF_ERROR(Check(IsPositive(std), "std", std, "a number above 0 for each channel"));
  SB_RETURN_IF_ERROR(Check(preprocessing.samplewise == Standardize::kNone || preprocessing.center == Center::kNone, "center", "mean_image",
                           "none where pictures are standardized by their own mean"));
  const std::string& steps = preprocessing.steps;
  return Check(steps.empty() || AreSteps(ParsedSteps(steps)), "pipeline", steps, "a list of steps, each {name: settings}");
}

json PreprocessingToJson(const Preprocessing& preprocessing) {
  json value = {{"width", preprocessing.width},
                {"height", preprocessing.height},
                {"interpolation", std::string(FilterName(preprocessing.interpolation))},
                {"rescale", preprocessing.rescale},
                {"mean", preprocessing.mean},
                {"std", preprocessing.std},
                {"channels", preprocessing.channels == ChannelOrder::kRgb ? "rgb" : "bgr"},
                {"center", preprocessing.center == Center::kMeanImage ? "mean_image" : "none"}};
  if (!preprocessing.steps.empty()) value["pipeline"] = ParsedSteps(preprocessing.steps);
  if (preprocessing.samplewise != Standardize::kNone) value["samplewise"] = std::string(StandardizeName(preprocessing.samplewise));
  if (preprocessing.featurewise != Standardize::kNone) value["featurewise"] = std::string(StandardizeName(preprocessing.featurewise));
  return value;
}

absl::StatusOr<Preprocessing> PreprocessingFromJson(const json& value) {
  try {
    SB_ASSIGN_OR_RETURN(const Preprocessing preprocessing, Parse(value));
    if (absl::Status checked = CheckPreprocessing(preprocessing); !checked.ok()) return absl::DataLossError(checked.message());
    return preprocessing;
  } catch (const json::exception& error) {
    return absl::DataLossError(error.what());
  }
}

std::string PreprocessingText(const Preprocessing& preprocessing) {
  const bool has_std = preprocessing.std != kNoStd;
  std::string formula = absl::StrCat("value * ", preprocessing.rescale);
  if (preprocessing.samplewise != Standardize::kNone) absl::StrAppend(&formula, " - the picture's mean");
  if (preprocessing.samplewise == Standardize::kCenterAndScale) formula = absl::StrCat("(", formula, ") / its standard deviation");
  if (preprocessing.mean != kNoMean) absl::StrAppend(&formula, " - ", ChannelsText(preprocessing.mean));
  if (has_std) formula = absl::StrCat("(", formula, ") / ", ChannelsText(preprocessing.std));
  std::string text = absl::StrCat(SizeText(preprocessing), " ", ToAbsl(FilterName(preprocessing.interpolation)), ", ");
  if (!preprocessing.steps.empty()) {
    for (const json& step : ParsedSteps(preprocessing.steps)) absl::StrAppend(&text, step.begin().key(), ", ");
  }
  absl::StrAppend(&text, ToAbsl(OrderText(preprocessing.channels)), ", ", formula);
  if (preprocessing.center == Center::kMeanImage) absl::StrAppend(&text, ", ", ToAbsl(CenterText(preprocessing.center)));
  return text;
}

std::string PreprocessingDifference(const Preprocessing& a, const Preprocessing& b) {
  std::vector<std::string> differences;
  const auto compare = [&](bool equal, std::string_view setting, const auto& of_a, const auto& of_b) {
    if (!equal) differences.push_back(absl::StrCat(ToAbsl(setting), of_a, " rather than ", of_b));
  };
  compare(SizeText(a) == SizeText(b), "", SizeText(a), SizeText(b));
  compare(a.interpolation == b.interpolation, "", std::string(FilterName(a.interpolation)), std::string(FilterName(b.interpolation)));
  compare(a.steps == b.steps, "pipeline ", StepsText(a), StepsText(b));
  compare(a.channels == b.channels, "", std::string(OrderText(a.channels)), std::string(OrderText(b.channels)));
  compare(a.rescale == b.rescale, "rescale ", a.rescale, b.rescale);
  const auto compare_standardize = [&compare](std::string_view setting, Standardize of_a, Standardize of_b) {
    compare(of_a == of_b, setting, std::string(StandardizeName(of_a)), std::string(StandardizeName(of_b)));
  };
  compare_standardize("samplewise ", a.samplewise, b.samplewise);
  compare_standardize("featurewise ", a.featurewise, b.featurewise);
  compare(a.mean == b.mean, "mean ", ChannelsText(a.mean), ChannelsText(b.mean));
  compare(a.std == b.std, "std ", ChannelsText(a.std), ChannelsText(b.std));
  compare(a.center == b.center, "", std::string(CenterText(a.center)), std::string(CenterText(b.center)));
  return absl::StrJoin(differences, ", ");
}

}  // namespace seedbed::image
