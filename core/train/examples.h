// What a learner learns from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "core/augment/mixing.h"
#include "core/graph/graph.h"
#include "core/image/pixel_scaler.h"
#include "core/image/preprocessing.h"

namespace seedbed::train {

// Some examples of a set, which counts from 0 like its labels, and when they come. What is drawn for a batch follows from that alone, so
// that it is the same after a resume. Of no meaning for validation: epoch and index are 0 there.
struct Batch {
  std::span<const uint32_t> examples;
  uint32_t epoch = 0;  // from 0
  uint32_t index = 0;  // of the batch in its epoch, from 0
};

// Computes the network's input for a batch, for what is too large to be kept or new in each epoch: rows[i] from i * values of a row on is
// that of batch.examples[i]. Must give an example the same bits whenever it comes in the same epoch, in whatever company; is called from
// the thread that trains, and an error ends the training.
using FetchRows = std::function<absl::Status(const Batch& batch, std::span<float> rows)>;

// The inputs of examples, and the class of each. Rows are the first elements of 8-bit pixels (height, width, RGB) or of finished inputs
// (all values of the network's input, images as height, width, channels), or are fetched batch by batch.
struct Examples {
  std::variant<std::vector<const uint8_t*>, std::vector<const float*>, FetchRows> rows;
  std::vector<int32_t> labels;
};

// How pixels become the network's input; of no meaning for other rows.
struct PixelOptions {
  image::Preprocessing preprocessing;
  std::vector<float> mean_image;  // as PixelScaler takes it; empty: none is subtracted
};

// Inputs of this shape, as they are mixed: pictures, or vectors of all values.
augment::RowShape RowShapeOf(const graph::Shape& input);

// INVALID_ARGUMENT unless each row has a label in [0, classes), and pixels make inputs of so many values.
absl::Status CheckExamples(const Examples& examples, const PixelOptions& pixels, size_t values, int64_t classes);

// Makes the finished inputs of a batch, whatever the rows are. Thread-safe where a FetchRows is.
class InputReader {
 public:
  // `values` of the network's input.
  InputReader(size_t values, const PixelOptions& pixels) : values_(values), scaler_(pixels.preprocessing, pixels.mean_image) {}
  // `inputs` has `values` floats for each example of the batch. Errors are those of a FetchRows.
  absl::Status Read(const Examples& from, const Batch& batch, std::span<float> inputs) const;

 private:
  const size_t values_;
  const image::PixelScaler scaler_;
};

}  // namespace seedbed::train
