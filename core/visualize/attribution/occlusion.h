// Which parts of a picture a class's probability hangs on, by covering them (Zeiler and Fergus, arXiv 1311.2901).
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace seedbed::visualize {

struct OcclusionOptions {
  int width = 0;  // of the input, pixels
  int height = 0;
  int channels = 3;
  int window = 0;     // side of the square that is covered, pixels: 1 to the shorter side
  int stride = 0;     // from one window to the next: 1 to `window`, so that nothing is left out
  size_t batch = 32;  // covered copies at a time
};

// Scores one class for a batch of inputs: scores[i] belongs to input i. There are options.batch of them but for the last time.
using ScoreInputs = std::function<absl::Status(std::span<const float> inputs, std::span<float> scores)>;
// Asked after each batch: windows done, of how many. False ends the computation (CANCELLED).
using OnWindows = std::function<bool(size_t done, size_t total)>;

// Windows begin at 0, stride, 2 stride ... on both axes until one reaches the edge, where it is cut off. A covered window has the
// picture's mean in each channel. The map has for each pixel the mean, over the windows that cover it, of how much the score falls: below 0
// where it rises. INVALID_ARGUMENT for a window or stride out of its limits; else errors of `score`.
absl::StatusOr<std::vector<float>> Occlusion(std::span<const float> input, const OcclusionOptions& options, const ScoreInputs& score,
                                             const OnWindows& on_windows);

}  // namespace seedbed::visualize
