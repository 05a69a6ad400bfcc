// What a learner learns from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "core/image/pixel_scaler.h"
#include "core/image/preprocessing.h"

namespace seedbed::train {

// Computes the network's input for these examples, for what is too large to be kept: rows[i] from i * values of a row on is that of
// examples[i], which counts from 0 like the labels. Must give an example the same bits at every call, in whatever company it comes; is
// called from the thread that trains, and an error ends the training.
using FetchRows = std::function<absl::Status(std::span<const uint32_t> examples, std::span<float> rows)>;

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

// INVALID_ARGUMENT unless each row has a label in [0, classes), and pixels make inputs of so many values.
absl::Status CheckExamples(const Examples& examples, const PixelOptions& pixels, size_t values, int64_t classes);

// Makes the finished inputs of a batch, whatever the rows are. Thread-safe where a FetchRows is.
class InputReader {
 public:
  // `values` of the network's input.
  InputReader(size_t values, const PixelOptions& pixels) : values_(values), scaler_(pixels.preprocessing, pixels.mean_image) {}
  // `inputs` has `values` floats for each of the examples. Errors are those of a FetchRows.
  absl::Status Read(const Examples& from, std::span<const uint32_t> examples, std::span<float> inputs) const;

 private:
  const size_t values_;
  const image::PixelScaler scaler_;
};

}  // namespace seedbed::train
