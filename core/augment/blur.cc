// imgaug's gaussian_blur, average_blur and median_blur (imgaug 0.4.0, augmenters/blur.py), by the OpenCV functions that imgaug calls. All
// of them compute 8-bit pictures in whole numbers, so that the result depends on no instruction set.
#include <algorithm>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "absl/status/statusor.h"
#include "core/augment/cv_picture.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

// imgaug's: wide enough for most of the bell, at least 5.
int GaussianKernelSize(double sigma) {
  const double widths = sigma < 3 ? 3.3 : sigma < 5 ? 2.9 : 2.6;
  const int size = static_cast<int>(std::max(widths * sigma, 5.0));
  return size | 1;
}

class GaussianBlur : public Step {
 public:
  GaussianBlur(uint32_t number, Distribution sigma) : Step(number), sigma_(std::move(sigma)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    constexpr double kNoBlur = 1e-3;
    RandomStream random = Random(sample);
    const double sigma = sigma_.Draw(random);
    if (sigma <= kNoBlur) return;
    const int size = GaussianKernelSize(sigma);
    cv::GaussianBlur(CvCopy(picture, 0, scratch), CvPixels(picture), {size, size}, sigma, sigma, cv::BORDER_REFLECT_101);
  }

 private:
  const Distribution sigma_;
};

class AverageBlur : public Step {
 public:
  AverageBlur(uint32_t number, Distribution k) : Step(number), k_(std::move(k)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    const int k = k_.DrawInteger(random);
    if (k > 1) cv::blur(CvCopy(picture, 0, scratch), CvPixels(picture), {k, k});
  }

 private:
  const Distribution k_;
};

class MedianBlur : public Step {
 public:
  MedianBlur(uint32_t number, Distribution k) : Step(number), k_(std::move(k)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    const int k = k_.DrawInteger(random);
    if (k > 1) cv::medianBlur(CvCopy(picture, 0, scratch), CvPixels(picture), k | 1);
  }

 private:
  const Distribution k_;
};

template <typename Blur>
absl::StatusOr<std::unique_ptr<Step>> MakeBlur(StepFields* fields, std::string_view setting, const Distribution& otherwise, Range allowed) {
  Distribution strength = fields->Drawn(setting, otherwise, allowed);
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Blur>(fields->number(), std::move(strength));
}

absl::StatusOr<std::unique_ptr<Step>> MakeGaussianBlur(StepFields* fields) {
  return MakeBlur<GaussianBlur>(fields, "sigma", Distribution::Uniform(0, 3), {0, 100});
}

absl::StatusOr<std::unique_ptr<Step>> MakeAverageBlur(StepFields* fields) {
  // Beyond 16 x 16 pixels OpenCV divides in floating point.
  return MakeBlur<AverageBlur>(fields, "k", Distribution::Uniform(1, 7), {0, 16});
}

absl::StatusOr<std::unique_ptr<Step>> MakeMedianBlur(StepFields* fields) {
  return MakeBlur<MedianBlur>(fields, "k", Distribution::Uniform(1, 7), {1, 255});
}

constexpr StepType kTypes[] = {
    {.name = "gaussian_blur",
     .main_setting = "sigma",
     .summary = "Gaussian blur of standard deviation sigma, in pixels",
     .make = MakeGaussianBlur},
    {.name = "average_blur", .main_setting = "k", .summary = "mean of k x k pixels", .make = MakeAverageBlur},
    {.name = "median_blur", .main_setting = "k", .summary = "median of k x k pixels, even k made odd by adding 1", .make = MakeMedianBlur},
};

}  // namespace

std::span<const StepType> BlurSteps() { return kTypes; }

}  // namespace seedbed::augment
