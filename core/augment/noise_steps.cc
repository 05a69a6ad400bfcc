// imgaug's additive_gaussian_noise, dropout and coarse_dropout (imgaug 0.4.0, augmenters/arithmetic.py).
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "core/augment/noise.h"
#include "core/augment/per_channel.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

NoiseSource DrawSource(const Sample& sample, RandomStream& random) {
  const uint64_t low = random.NextUint32(), high = random.NextUint32();
  return {.seed = high << 32 | low, .image = sample.image};
}

class AdditiveGaussianNoise : public Step {
 public:
  AdditiveGaussianNoise(uint32_t number, Distribution loc, Distribution scale, double per_channel)
      : Step(number), loc_(std::move(loc)), scale_(std::move(scale)), per_channel_(per_channel) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    const double loc = loc_.Draw(random), scale = scale_.Draw(random);
    const bool per_channel = Happens(per_channel_, random);
    AddGaussianNoise(DrawSource(sample, random), loc, scale, per_channel, picture);
  }

 private:
  const Distribution loc_;
  const Distribution scale_;
  const double per_channel_;
};

class Dropout : public Step {
 public:
  Dropout(uint32_t number, Distribution p, double per_channel) : Step(number), p_(std::move(p)), per_channel_(per_channel) {}

  void Apply(const Sample& sample, Picture picture, Scratch* /*scratch*/) const override {
    RandomStream random = Random(sample);
    const double p = p_.Draw(random);
    const bool per_channel = Happens(per_channel_, random);
    DropPixels(DrawSource(sample, random), p, per_channel, picture);
  }

 private:
  const Distribution p_;
  const double per_channel_;
};

struct CoarseSettings {
  Distribution p;
  double per_channel;
  Distribution size;  // of the grid, rows and columns drawn apart
  bool percent;       // of the picture's size, instead of pixels
  int min_size;
};

class CoarseDropout : public Step {
 public:
  CoarseDropout(uint32_t number, CoarseSettings settings) : Step(number), settings_(std::move(settings)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    const double p = settings_.p.Draw(random);
    const bool per_channel = Happens(settings_.per_channel, random);
    const int rows = DrawSize(picture.height, random), columns = DrawSize(picture.width, random);
    DropCells(DrawSource(sample, random), p, per_channel, rows, columns, picture, scratch);
  }

 private:
  int DrawSize(int pixels, RandomStream& random) const {
    const int size = settings_.percent ? static_cast<int>(settings_.size.Draw(random) * pixels) : settings_.size.DrawInteger(random);
    return std::min(std::max(size, settings_.min_size), pixels);
  }

  const CoarseSettings settings_;
};

absl::StatusOr<std::unique_ptr<Step>> MakeAdditiveGaussianNoise(StepFields* fields) {
  Distribution loc = fields->Drawn("loc", Distribution::Constant(0), {-255, 255});
  Distribution scale = fields->Drawn("scale", Distribution::Uniform(0, 15), {0, kLargestNoise});
  const double per_channel = fields->Chance("per_channel", 0);
  if (scale.range().high > 0) fields->MarkRandom();
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<AdditiveGaussianNoise>(fields->number(), std::move(loc), std::move(scale), per_channel);
}

// The chance to drop, which draws unless it is 0 or 1.
Distribution ReadChanceToDrop(StepFields* fields, const Distribution& otherwise) {
  Distribution p = fields->Drawn("p", otherwise, {0, 1});
  if (p.range().high > 0 && p.range().low < 1) fields->MarkRandom();
  return p;
}

absl::StatusOr<std::unique_ptr<Step>> MakeDropout(StepFields* fields) {
  Distribution p = ReadChanceToDrop(fields, Distribution::Uniform(0, 0.05));
  const double per_channel = fields->Chance("per_channel", 0);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Dropout>(fields->number(), std::move(p), per_channel);
}

absl::StatusOr<std::unique_ptr<Step>> MakeCoarseDropout(StepFields* fields) {
  constexpr double kMostCells = 4096;
  Distribution p = ReadChanceToDrop(fields, Distribution::Uniform(0.02, 0.1));
  const double per_channel = fields->Chance("per_channel", 0);
  const bool percent = !fields->Raw("size_percent").is_null();
  if (percent && !fields->Raw("size_px").is_null()) fields->Fail("size_px", "stands beside size_percent; only one of them may be given");
  Distribution size = percent ? fields->Drawn("size_percent", Distribution::Constant(1), {0, 1})
                              : fields->Drawn("size_px", Distribution::Uniform(3, 8), {1, kMostCells});
  const int min_size = fields->Integer("min_size", 3, {1, kMostCells});
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<CoarseDropout>(fields->number(), CoarseSettings{std::move(p), per_channel, std::move(size), percent, min_size});
}

constexpr StepType kTypes[] = {
    {.name = "additive_gaussian_noise",
     .main_setting = "scale",
     .summary = "adds normal noise of mean loc and standard deviation scale to each pixel or value",
     .make = MakeAdditiveGaussianNoise},
    {.name = "dropout", .main_setting = "p", .summary = "sets pixels or values to 0 by the chance p", .make = MakeDropout},
    {.name = "coarse_dropout",
     .main_setting = "p",
     .summary = "sets the cells of a coarse grid to 0 by the chance p",
     .make = MakeCoarseDropout},
};

}  // namespace

std::span<const StepType> NoiseSteps() { return kTypes; }

}  // namespace seedbed::augment
