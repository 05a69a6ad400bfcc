#include "core/visualize/attribution/occlusion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::visualize {
namespace {

// Pixels [left, right) x [top, bottom).
struct Covered {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;
};

// Beginnings of the windows on an axis.
std::vector<int> Begins(int side, int window, int stride) {
  std::vector<int> begins;
  for (int at = 0;; at += stride) {
    begins.push_back(at);
    if (at + window >= side) return begins;
  }
}

absl::Status CheckOptions(const OcclusionOptions& options) {
  const int side = std::min(options.width, options.height);
  if (options.window < 1 || options.window > side) {
    return absl::InvalidArgumentError(absl::StrCat("window is ", options.window, ", it must be 1 to ", side, ", the shorter side"));
  }
  if (options.stride >= 1 && options.stride <= options.window) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("stride is ", options.stride, ", it must be 1 to ", options.window, ", the window: else pixels are left out"));
}

class Occluder {
 public:
  Occluder(std::span<const float> input, const OcclusionOptions& options)
      : input_(input), options_(options), channels_(static_cast<size_t>(options.channels)), fill_(MeanColour()) {
    for (const int top : Begins(options.height, options.window, options.stride)) {
      for (const int left : Begins(options.width, options.window, options.stride)) {
        windows_.push_back({left, top, std::min(left + options.window, options.width), std::min(top + options.window, options.height)});
      }
    }
  }

  absl::StatusOr<std::vector<float>> Run(const ScoreInputs& score, const OnWindows& on_windows) {
    float whole = 0;
    SB_RETURN_IF_ERROR(score(input_, {&whole, 1}));
    const size_t pixels = input_.size() / channels_;
    std::vector<double> falls(pixels, 0.0);
    std::vector<int> counts(pixels, 0);
    std::vector<float> copies(std::min(options_.batch, windows_.size()) * input_.size()), scores(options_.batch);
    for (size_t first = 0; first < windows_.size(); first += options_.batch) {
      const size_t count = std::min(options_.batch, windows_.size() - first);
      for (size_t i = 0; i < count; ++i) Cover(windows_[first + i], std::span(copies).subspan(i * input_.size(), input_.size()));
      SB_RETURN_IF_ERROR(score(std::span(copies).first(count * input_.size()), std::span(scores).first(count)));
      for (size_t i = 0; i < count; ++i) {
        const double fall = static_cast<double>(whole) - static_cast<double>(scores[i]);
        ForEachPixel(windows_[first + i], [&](size_t pixel) {
          falls[pixel] += fall;
          ++counts[pixel];
        });
      }
      if (on_windows && !on_windows(first + count, windows_.size())) return absl::CancelledError("the explanation was stopped");
    }
    std::vector<float> map(pixels);
    std::ranges::transform(falls, counts, map.begin(), [](double fall, int count) { return static_cast<float>(fall / count); });
    return map;
  }

 private:
  std::vector<float> MeanColour() const {
    std::vector<double> sums(channels_, 0.0);
    for (size_t i = 0; i < input_.size(); ++i) sums[i % channels_] += static_cast<double>(input_[i]);
    std::vector<float> mean(channels_);
    for (size_t c = 0; c < channels_; ++c) {
      mean[c] = static_cast<float>(sums[c] * static_cast<double>(channels_) / static_cast<double>(input_.size()));
    }
    return mean;
  }

  template <typename Body>
  void ForEachPixel(const Covered& window, Body body) const {
    for (int y = window.top; y < window.bottom; ++y) {
      for (int x = window.left; x < window.right; ++x) {
        body(static_cast<size_t>(y) * static_cast<size_t>(options_.width) + static_cast<size_t>(x));
      }
    }
  }

  void Cover(const Covered& window, std::span<float> copy) const {
    std::ranges::copy(input_, copy.begin());
    ForEachPixel(window, [&](size_t pixel) { std::ranges::copy(fill_, copy.begin() + static_cast<ptrdiff_t>(pixel * channels_)); });
  }

  const std::span<const float> input_;
  const OcclusionOptions& options_;
  const size_t channels_;
  const std::vector<float> fill_;
  std::vector<Covered> windows_;
};

}  // namespace

absl::StatusOr<std::vector<float>> Occlusion(std::span<const float> input, const OcclusionOptions& options, const ScoreInputs& score,
                                             const OnWindows& on_windows) {
  SB_RETURN_IF_ERROR(CheckOptions(options));
  return Occluder(input, options).Run(score, on_windows);
}

}  // namespace seedbed::visualize
