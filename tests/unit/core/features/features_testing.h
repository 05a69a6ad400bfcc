// What the tests of this room share: a set of features whose values follow from a formula, and a network that is one.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/features/feature_set_info.h"
#include "core/nn/backend.h"

namespace seedbed::features {

// Value `i` of row `row`: many zeros, like features after a ReLU; exact in 16 bits of either kind.
inline float FeatureValue(size_t row, size_t i) { return (row + i) % 3 == 0 ? 0.0f : static_cast<float>((row * 7 + i) % 100) / 4 - 5; }

inline std::vector<float> FeatureValues(const FeatureSetInfo& info, size_t first, size_t count) {
  std::vector<float> values;
  for (size_t row = first; row < first + count; ++row) {
    for (size_t i = 0; i < info.row_values(); ++i) values.push_back(FeatureValue(row, i));
  }
  return values;
}

inline FeatureSetInfo SomeInfo(size_t rows, graph::Shape shape = {2, 3, 4}) {
  FeatureSetInfo info;
  info.classes = {"Charlock", "Maize", "Shepherd’s Purse"};
  for (size_t row = 0; row < rows; ++row) {
    info.paths.push_back(absl::StrCat("class/", row, ".png"));
    info.sha256.push_back(Sha256Hex(info.paths.back()));
    info.labels.push_back(static_cast<int32_t>(row % info.classes.size()));
  }
  info.shape = std::move(shape);
  info.model = "backbone:2";
  info.weights_sha256 = Sha256Hex("weights");
  info.arch = "vgg16";
  info.layer = "block5_pool";
  info.preprocessing = *image::PresetNamed("keras_caffe");
  info.dataset = "seedlings:1";
  info.profile = {{"backend", "torch"}};
  return info;
}

// Two values for each position: the sum of the position's channels, and the position. Counts, and can be told to fail.
class FormulaBackend : public nn::Backend {
 public:
  FormulaBackend(size_t positions, size_t batch) : positions_(positions), batch_(batch) {}
  std::string_view name() const override { return "formula"; }
  size_t output_values() const override { return 2 * positions_; }

  absl::Status Forward(std::span<const float> input, size_t batch, std::span<float> output) override {
    if (batch != batch_ || input.size() != batch * positions_ * 3 || output.size() != batch * output_values()) {
      return absl::InvalidArgumentError("the sizes are wrong");
    }
    if (batches_++ == fail_at_) return absl::ResourceExhaustedError("no memory");
    for (size_t i = 0; i < batch * positions_; ++i) {
      output[2 * i] = input[3 * i] + input[3 * i + 1] + input[3 * i + 2];
      output[2 * i + 1] = static_cast<float>(i % positions_);
    }
    return absl::OkStatus();
  }

  void FailAt(size_t batch) { fail_at_ = batch; }
  size_t batches() const { return batches_; }

 private:
  const size_t positions_;
  const size_t batch_;
  std::atomic<size_t> batches_{0};
  size_t fail_at_ = ~size_t{0};
};

}  // namespace seedbed::features
