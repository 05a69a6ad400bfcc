// imgaug's crop and crop_and_pad (imgaug 0.4.0, augmenters/size.py), with keep_size: what is left is resized to the picture's size.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/augment/cv_picture.h"
#include "core/augment/grow.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

constexpr size_t kTop = 0, kRight = 1, kBottom = 2, kLeft = 3, kSides = 4;  // imgaug's order
constexpr double kMostPixels = 4096;                                        // of a side, cut off or added

// Pixels to add at each side; to cut off where negative.
using Borders = std::array<int, kSides>;

// Leaves at least one pixel between two sides, taking back from both alike as imgaug does; `first` gets the odd one.
void KeepOne(int size, int* first, int* second) {
  int cut_first = std::max(-*first, 0), cut_second = std::max(-*second, 0);
  const int missing = cut_first + cut_second - size + 1;
  if (missing <= 0) return;
  int back_first = (missing + 1) / 2, back_second = missing / 2;
  if (back_first > cut_first) {
    back_second += back_first - cut_first;
    back_first = cut_first;
  } else if (back_second > cut_second) {
    back_first += back_second - cut_second;
    back_second = cut_second;
  }
  if (cut_first > 0) *first += back_first;
  if (cut_second > 0) *second += back_second;
}

void ChangeBorders(const Borders& borders, int pad_mode, int pad_value, Picture picture, Scratch* scratch) {
  const auto cut = [&](size_t side) { return std::max(-borders[side], 0); };
  const auto pad = [&](size_t side) { return std::max(borders[side], 0); };
  cv::Mat source = CvCopy(picture, 0, scratch);
  source = source(cv::Rect(cut(kLeft), cut(kTop), picture.width - cut(kLeft) - cut(kRight), picture.height - cut(kTop) - cut(kBottom)));
  const int width = source.cols + pad(kLeft) + pad(kRight), height = source.rows + pad(kTop) + pad(kBottom);
  if (width != source.cols || height != source.rows) {
    cv::Mat padded(height, width, CV_8UC3, scratch->Bytes(1, size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height)).data());
    // Isolated: pixels that were cut off must not come back as border.
    cv::copyMakeBorder(source, padded, pad(kTop), pad(kBottom), pad(kLeft), pad(kRight), pad_mode | cv::BORDER_ISOLATED,
                       cv::Scalar::all(pad_value));
    source = std::move(padded);
  }
  if (width <= picture.width && height <= picture.height) {
    return Grow({.first = source.data, .stride = source.step, .width = width, .height = height}, picture, scratch);
  }
  cv::Mat target = CvPixels(picture);
  const bool grows = picture.width > width || picture.height > height;
  cv::resize(source, target, target.size(), 0, 0, grows ? cv::INTER_AREA : cv::INTER_LINEAR);
}

struct CropSettings {
  std::vector<Distribution> sides;  // one for all, or four
  bool percent = true;
  bool independent = true;
  int sign = 1;  // -1: positive numbers cut off
  int pad_mode = cv::BORDER_CONSTANT;
  Distribution pad_value = Distribution::Constant(0);
};

class CropAndPad : public Step {
 public:
  CropAndPad(uint32_t number, CropSettings settings) : Step(number), settings_(std::move(settings)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    Borders borders = DrawBorders(random, picture.width, picture.height);
    const int pad_value = settings_.pad_value.DrawInteger(random);
    KeepOne(picture.height, &borders[kTop], &borders[kBottom]);
    KeepOne(picture.width, &borders[kRight], &borders[kLeft]);
    if (borders != Borders{}) ChangeBorders(borders, settings_.pad_mode, pad_value, picture, scratch);
  }

  absl::Status CheckSize(int width, int height) const override {
    if (settings_.percent) return absl::OkStatus();
    SB_RETURN_IF_ERROR(CheckAxis(width, kLeft, kRight, "wide"));
    return CheckAxis(height, kTop, kBottom, "high");
  }

 private:
  const Distribution& side(size_t i) const { return settings_.sides[settings_.sides.size() == 1 ? 0 : i]; }

  Borders DrawBorders(RandomStream& random, int width, int height) const {
    Borders borders{};
    double drawn = 0;
    for (size_t i = 0; i < kSides; ++i) {
      if (i == 0 || settings_.independent || settings_.sides.size() > 1) {
        drawn = settings_.percent ? side(i).Draw(random) : side(i).DrawInteger(random);
      }
      // imgaug's precision decides which way halves are rounded.
      const int size = i == kTop || i == kBottom ? height : width;
      borders[i] = settings_.sign *
                   static_cast<int>(settings_.percent ? std::nearbyint(static_cast<float>(size) * static_cast<float>(drawn)) : drawn);
    }
    return borders;
  }

  // The least that is cut off at a side.
  double LeastCut(size_t i) const {
    const Range drawn = side(i).range();
    return std::max(settings_.sign < 0 ? drawn.low : -drawn.high, 0.0);
  }

  absl::Status CheckAxis(int size, size_t first, size_t second, const char* dimension) const {
    const double cut = LeastCut(first) + LeastCut(second);
    if (cut < size) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("cuts off ", cut, " pixels of pictures that are ", size, " pixels ", dimension));
  }

  const CropSettings settings_;
};

// One distribution for all sides, or a list of one for each side.
std::vector<Distribution> ParseSides(const nlohmann::json& value, Range allowed, const std::string& name, StepFields* fields) {
  const std::string path = absl::StrCat(fields->path(), ".", name);
  std::vector<Distribution> sides;
  const bool each = value.is_array() && value.size() == kSides;
  nlohmann::json resolved = nlohmann::json::array();
  for (size_t i = 0; i < (each ? kSides : 1); ++i) {
    absl::StatusOr<Distribution> side =
        Distribution::Parse(each ? value[i] : value, allowed, each ? absl::StrCat(path, "[", i, "]") : path);
    if (!side.ok()) {
      fields->Note(side.status());
      return {Distribution::Constant(0)};
    }
    if (!side->constant()) fields->MarkRandom();
    resolved.push_back(side->ToJson());
    sides.push_back(*std::move(side));
  }
  fields->Resolve(name, each ? resolved : resolved[0]);
  return sides;
}

void ReadSides(StepFields* fields, Range percent_allowed, Range pixels_allowed, const Distribution& otherwise, CropSettings* settings) {
  const nlohmann::json percent = fields->Raw("percent"), pixels = fields->Raw("px");
  if (!percent.is_null() && !pixels.is_null()) fields->Fail("px", "stands beside percent; only one of them may be given");
  settings->percent = pixels.is_null();
  if (!settings->percent) {
    settings->sides = ParseSides(pixels, pixels_allowed, "px", fields);
  } else {
    settings->sides = ParseSides(percent.is_null() ? otherwise.ToJson() : percent, percent_allowed, "percent", fields);
  }
  if (!fields->Flag("keep_size", true)) fields->Fail("keep_size", "is false; steps keep a picture's size");
  settings->independent = fields->Flag("sample_independently", true);
}

absl::StatusOr<std::unique_ptr<Step>> MakeCrop(StepFields* fields) {
  CropSettings settings{.sides = {}, .sign = -1};
  ReadSides(fields, {0, 1}, {0, kMostPixels}, Distribution::Uniform(0, 0.1), &settings);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<CropAndPad>(fields->number(), std::move(settings));
}

absl::StatusOr<std::unique_ptr<Step>> MakeCropAndPad(StepFields* fields) {
  CropSettings settings{.sides = {}};
  ReadSides(fields, {-1, 1}, {-kMostPixels, kMostPixels}, Distribution::Uniform(-0.1, 0.1), &settings);
  settings.pad_mode = ReadCvBorder("pad_mode", fields);
  settings.pad_value = fields->Drawn("pad_cval", Distribution::Constant(0), {0, 255});
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<CropAndPad>(fields->number(), std::move(settings));
}

constexpr StepType kTypes[] = {
    {.name = "crop", .main_setting = "percent", .summary = "cuts off each side by percent or px, and resizes back", .make = MakeCrop},
    {.name = "crop_and_pad",
     .main_setting = "percent",
     .summary = "cuts off (negative) or adds (positive) at each side by percent or px, and resizes back",
     .make = MakeCropAndPad},
};

}  // namespace

std::span<const StepType> CropSteps() { return kTypes; }

}  // namespace seedbed::augment
