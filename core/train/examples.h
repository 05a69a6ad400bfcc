// What a learner learns from.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <variant>
#include <vector>

#include "absl/status/status.h"

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

// INVALID_ARGUMENT unless each row has a label in [0, classes).
absl::Status CheckExamples(const Examples& examples, int64_t classes);

}  // namespace seedbed::train
