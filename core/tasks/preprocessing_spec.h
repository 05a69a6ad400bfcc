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
  std::optional<std::string> steps;  // JSON list (core/augment/pipeline.h) of steps that draw nothing; an empty list: none
};

// What is asked for, and `base` where it is open. INVALID_ARGUMENT naming the setting, its value and what is allowed,
// also for steps that do not take pictures of the size that comes out.
absl::StatusOr<image::Preprocessing> ResolvePreprocessing(const PreprocessingSpec& spec, const image::Preprocessing& base);

// What the architecture's published weights expect: its preset and its side, without a mean image.
absl::StatusOr<image::Preprocessing> UsualPreprocessing(const graph::Architecture& architecture);

}  // namespace seedbed::tasks
