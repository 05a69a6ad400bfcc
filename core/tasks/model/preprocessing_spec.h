// How a job asks for its images to be prepared. What it leaves open comes from elsewhere: the weights it builds on, else the architecture.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/architectures.h"
#include "core/image/preprocessing.h"

namespace seedbed::tasks {

struct PreprocessingSpec {
  std::string preset;  // a set of all that follows but the size: "unit", "keras_caffe"...; empty: none
  int width = 0;       // pixels; 0: open
  int height = 0;
  std::optional<image::Filter> interpolation;
  std::optional<double> rescale;  // factor on 8-bit values
  std::vector<double> mean;       // of each channel in the network's order, after rescale; empty: open
  std::vector<double> std;
  std::string channels;  // "rgb" or "bgr"; empty: open
  std::optional<image::Center> center;
  // JSON list (core/augment/pipeline.h) of steps that draw nothing; an empty list: none. Its last item may be {"standardize": settings},
  // with Keras's samplewise_center, samplewise_std_normalization, featurewise_center and featurewise_std_normalization, true or false, and
  // zca_whitening with zca_epsilon, which TakeWhitening takes off.
  std::optional<std::string> steps;
};

// What is asked for, and `base` where it is open. INVALID_ARGUMENT naming the setting, its value and what is allowed,
// also for steps that do not take pictures of the size that comes out. Featurewise standardisation that `base` does not have leaves mean
// and std open for training to fit.
absl::StatusOr<image::Preprocessing> ResolvePreprocessing(const PreprocessingSpec& spec, const image::Preprocessing& base);

// How images are whitened by the network's first layers, if `spec` asks for it: the epsilon of core/train/whitening.h. What is left of the
// settings centers the images (featurewise_center) and, unless it says so itself, subtracts no mean image. INVALID_ARGUMENT as
// ResolvePreprocessing.
absl::StatusOr<std::optional<double>> TakeWhitening(PreprocessingSpec* spec);

// What the architecture's published weights expect: its preset and its side, without a mean image.
absl::StatusOr<image::Preprocessing> UsualPreprocessing(const graph::Architecture& architecture);

// INVALID_ARGUMENT when the job asks for standardisation that the weights were not trained with, and trains none.
absl::Status CheckSameStandardization(const image::Preprocessing& wanted, const image::Preprocessing& trained);

}  // namespace seedbed::tasks
