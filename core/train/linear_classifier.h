// Softmax regression: logits = W x + b, mean cross-entropy, trained batch by batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/train/optimizer.h"
#include "core/train/softmax_cross_entropy.h"

namespace seedbed::train {

struct LinearClassifierOptions {
  size_t features = 0;
  size_t classes = 0;  // at least 2
  OptimizerOptions optimizer;
  // x = element * scale - offset[feature]; empty: nothing is subtracted.
  float scale = 1;
  std::vector<float> offset;
  int threads = 1;
  std::string_view instruction_set;  // "avx512", "avx2", "baseline"
};

// The first element of each example of a batch; a row has `features` elements. Rows are only read, and may lie in mapped files.
using Rows = std::variant<std::span<const uint8_t* const>, std::span<const float* const>>;

// What training changes, in PyTorch's layout: weight [class][feature], bias [class]. Slots are the optimizer's (optimizer.h).
struct LinearParameters {
  std::vector<float> weight;
  std::vector<float> bias;
};
struct LinearState {
  LinearParameters parameters;
  std::vector<LinearParameters> slots;
  int64_t step = 0;  // updates made
};

// The results have the same bits for any number of threads: features are cut into blocks by their number alone, every block's sums have a
// fixed order (linear_kernels.h), and the blocks are added up in their order, in double precision. After construction a batch allocates
// nothing unless it is larger than any before. Used by one thread at a time.
class LinearClassifier {
 public:
  // INVALID_ARGUMENT for sizes that make no sense; FAILED_PRECONDITION when the processor lacks the instruction set.
  static absl::StatusOr<std::unique_ptr<LinearClassifier>> Create(LinearClassifierOptions options);
  virtual ~LinearClassifier() = default;

  // Forward, gradient of the batch's mean loss, one optimizer step. The result is that of the parameters before the step. Labels are in
  // [0, classes); there is at least one.
  virtual BatchResult TrainBatch(const Rows& rows, const BatchLabels& labels) = 0;
  // Forward only.
  virtual BatchResult EvaluateBatch(const Rows& rows, const BatchLabels& labels) = 0;
  // Logits of the last batch, [example][class].
  virtual std::span<const float> logits() const = 0;
  // The gradient of the mean loss that TrainBatch would use, in the layout of the parameters; for tests.
  virtual LinearParameters Gradient(const Rows& rows, const BatchLabels& labels) = 0;

  virtual LinearState state() const = 0;
  // INVALID_ARGUMENT unless every size is right. Slots may be left out: they then are zero.
  virtual absl::Status Restore(const LinearState& state) = 0;
};

}  // namespace seedbed::train
