#include "core/augment/random_boxes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

constexpr int kTries = 10;

// Python's round, in which torchvision computes sizes: half to even.
int Round(double value) { return static_cast<int>(std::nearbyint(value)); }

struct BoxSize {
  int along;   // sqrt(area * ratio)
  int across;  // sqrt(area / ratio)
};

BoxSize DrawSize(const BoxSettings& settings, int width, int height, RandomStream* random) {
  const double area = static_cast<double>(width) * height * random->NextUniformDouble(settings.scale.low, settings.scale.high);
  const double ratio = std::exp(random->NextUniformDouble(std::log(settings.ratio.low), std::log(settings.ratio.high)));
  return {Round(std::sqrt(area * ratio)), Round(std::sqrt(area / ratio))};
}

// Where a box may begin so that it ends within `size`.
int DrawPlace(int size, int box, RandomStream* random) {
  return static_cast<int>(random->NextBelow(static_cast<uint32_t>(size - box + 1)));
}

uint8_t* PixelAt(Picture picture, int x, int y) { return picture.row(y) + ptrdiff_t{3} * x; }

class RandomResizedCrop : public Step {
 public:
  RandomResizedCrop(uint32_t number, BoxSettings settings, image::Filter filter) : Step(number), settings_(settings), filter_(filter) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    const Box box = DrawCrop(settings_, picture.width, picture.height, &random);
    if (box.width == picture.width && box.height == picture.height) return;
    image::Image& part = scratch->part();
    part.width = box.width;
    part.height = box.height;
    const size_t stride = size_t{3} * static_cast<size_t>(box.width);
    part.rgb.resize(stride * static_cast<size_t>(box.height));
    for (int y = 0; y < box.height; ++y) {
      std::memcpy(&part.rgb[static_cast<size_t>(y) * stride], PixelAt(picture, box.x, box.y + y), stride);
    }
    scratch->resizer().ResizeInto(part, picture.width, picture.height, filter_, picture.rgb);
  }

 private:
  const BoxSettings settings_;
  const image::Filter filter_;
};

enum class Filling { kValue, kRandom, kMean };

struct ErasingSettings {
  double p;
  BoxSettings box;
  Filling filling;
  uint8_t value;  // of kValue
};

class RandomErasing : public Step {
 public:
  RandomErasing(uint32_t number, ErasingSettings settings) : Step(number), settings_(settings) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    if (random.NextUniformDouble(0, 1) >= settings_.p) return;
    const std::optional<Box> box = DrawErasure(settings_.box, picture.width, picture.height, &random);
    if (!box) return;
    const std::array<uint8_t, 3> colour = settings_.filling == Filling::kMean ? Mean(picture) : Grey(settings_.value);
    for (int y = box->y; y < box->y + box->height; ++y) {
      const std::span<uint8_t> line(PixelAt(picture, box->x, y), size_t{3} * static_cast<size_t>(box->width));
      if (settings_.filling == Filling::kRandom) {
        FillWithNoise(line, &random);
      } else {
        for (size_t i = 0; i < line.size(); ++i) line[i] = colour[i % 3];
      }
    }
  }

 private:
  static std::array<uint8_t, 3> Grey(uint8_t value) { return {value, value, value}; }

  static std::array<uint8_t, 3> Mean(Picture picture) {
    std::array<uint64_t, 3> sums{};
    for (size_t i = 0; i < picture.rgb.size(); i += 3) {
      for (size_t c = 0; c < 3; ++c) sums[c] += picture.rgb[i + c];
    }
    const uint64_t pixels = picture.rgb.size() / 3;
    std::array<uint8_t, 3> mean;
    for (size_t c = 0; c < 3; ++c) mean[c] = static_cast<uint8_t>((sums[c] + pixels / 2) / pixels);
    return mean;
  }

  static void FillWithNoise(std::span<uint8_t> line, RandomStream* random) {
    for (size_t i = 0; i < line.size(); i += sizeof(uint32_t)) {
      const uint32_t four = random->NextUint32();
      for (size_t k = 0; k < std::min(sizeof(four), line.size() - i); ++k) line[i + k] = static_cast<uint8_t>(four >> (8 * k));
    }
  }

  const ErasingSettings settings_;
};

// Of a setting that is one number or [low, high].
Range ReadEnds(StepFields* fields, std::string_view name, Range otherwise, Range allowed) {
  const Distribution drawn = fields->Drawn(name, Distribution::Uniform(otherwise.low, otherwise.high), allowed);
  if (fields->resolved().at(std::string(name)).is_object()) fields->Fail(name, "must be a number or [low, high]");
  return drawn.range();
}

BoxSettings ReadBox(StepFields* fields, const BoxSettings& otherwise) {
  fields->MarkRandom();  // the place is drawn always
  const Range scale = ReadEnds(fields, "scale", otherwise.scale, {0, 1});
  return {scale, ReadEnds(fields, "ratio", otherwise.ratio, {0.001, 1000})};
}

absl::StatusOr<std::unique_ptr<Step>> MakeRandomResizedCrop(StepFields* fields) {
  const BoxSettings box = ReadBox(fields, {.scale = {0.08, 1}, .ratio = {3.0 / 4, 4.0 / 3}});
  const std::string filter = fields->Choice("interpolation", "bilinear", {"nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"});
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<RandomResizedCrop>(fields->number(), box, *image::FilterFromName(filter));
}

absl::StatusOr<std::unique_ptr<Step>> MakeRandomErasing(StepFields* fields) {
  ErasingSettings settings{.p = fields->Chance("p", 0.5), .box = {}, .filling = Filling::kValue, .value = 0};
  settings.box = ReadBox(fields, {.scale = {0.02, 0.33}, .ratio = {0.3, 3.3}});
  if (const nlohmann::json value = fields->Raw("value"); value.is_string()) {
    settings.filling = fields->Choice("value", "random", {"random", "mean"}) == "mean" ? Filling::kMean : Filling::kRandom;
  } else {
    settings.value = static_cast<uint8_t>(fields->Integer("value", 0, {0, 255}));
  }
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<RandomErasing>(fields->number(), settings);
}

constexpr StepType kTypes[] = {
    {.name = "random_resized_crop",
     .main_setting = "scale",
     .summary = "a box of drawn area and shape, resized to the picture's size",
     .make = MakeRandomResizedCrop},
    {.name = "random_erasing", .main_setting = "p", .summary = "with probability p a box filled in", .make = MakeRandomErasing},
};

}  // namespace

Box DrawCrop(const BoxSettings& settings, int width, int height, RandomStream* random) {
  for (int i = 0; i < kTries; ++i) {
    const auto [box_width, box_height] = DrawSize(settings, width, height, random);
    if (box_width < 1 || box_height < 1 || box_width > width || box_height > height) continue;
    const int y = DrawPlace(height, box_height, random);
    return {DrawPlace(width, box_width, random), y, box_width, box_height};
  }
  Box box{.x = 0, .y = 0, .width = width, .height = height};
  const double ratio = static_cast<double>(width) / height;
  if (ratio < settings.ratio.low) box.height = std::max(1, Round(width / settings.ratio.low));
  if (ratio > settings.ratio.high) box.width = std::max(1, Round(height * settings.ratio.high));
  box.x = (width - box.width) / 2;
  box.y = (height - box.height) / 2;
  return box;
}

std::optional<Box> DrawErasure(const BoxSettings& settings, int width, int height, RandomStream* random) {
  for (int i = 0; i < kTries; ++i) {
    const auto [box_height, box_width] = DrawSize(settings, width, height, random);
    if (box_width >= width || box_height >= height) continue;
    const int y = DrawPlace(height, box_height, random);
    return Box{DrawPlace(width, box_width, random), y, box_width, box_height};
  }
  return std::nullopt;
}

std::span<const StepType> BoxSteps() { return kTypes; }

}  // namespace seedbed::augment
