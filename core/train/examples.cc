#include "core/train/examples.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::train {
namespace {

struct RowCount {
  size_t labels;
  template <typename Element>
  size_t operator()(const std::vector<const Element*>& rows) const {
    return rows.size();
  }
  // What is fetched has as many rows as it has labels, and needs a function once there is one.
  size_t operator()(const FetchRows& fetch) const { return fetch != nullptr ? labels : 0; }
};

absl::Status CheckPixels(const PixelOptions& pixels, size_t values) {
  const image::Preprocessing& preprocessing = pixels.preprocessing;
  const size_t made = static_cast<size_t>(preprocessing.width) * static_cast<size_t>(preprocessing.height) * 3;
  if (made != values) {
    return absl::InvalidArgumentError(absl::StrCat("pictures of ", preprocessing.width, "x", preprocessing.height,
                                                   " pixels do not make the network's input of ", values, " values"));
  }
  if (!pixels.mean_image.empty() && pixels.mean_image.size() != values) {
    return absl::InvalidArgumentError(absl::StrCat("the mean image has ", pixels.mean_image.size(), " values, expected ", values));
  }
  return absl::OkStatus();
}

}  // namespace

augment::RowShape RowShapeOf(const graph::Shape& input) {
  if (input.size() != 3) return {.height = 1, .width = 1, .channels = static_cast<int>(graph::ElementsOf(input))};
  return {.height = static_cast<int>(input[0]), .width = static_cast<int>(input[1]), .channels = static_cast<int>(input[2])};
}

absl::Status CheckExamples(const Examples& examples, const PixelOptions& pixels, size_t values, int64_t classes) {
  const size_t rows = std::visit(RowCount{examples.labels.size()}, examples.rows);
  if (rows != examples.labels.size()) {
    return absl::InvalidArgumentError(absl::StrCat(rows, " rows have ", examples.labels.size(), " labels"));
  }
  for (const int32_t label : examples.labels) {
    if (label < 0 || label >= classes) {
      return absl::InvalidArgumentError(absl::StrCat("label ", label, " is none of ", classes, " classes"));
    }
  }
  const bool of_pixels = std::holds_alternative<std::vector<const uint8_t*>>(examples.rows) && rows > 0;
  return of_pixels ? CheckPixels(pixels, values) : absl::OkStatus();
}

absl::Status InputReader::Read(const Examples& from, const Batch& batch, std::span<float> inputs) const {
  if (const auto* fetch = std::get_if<FetchRows>(&from.rows)) return (*fetch)(batch, inputs);
  const std::span<const uint32_t> examples = batch.examples;
  for (size_t i = 0; i < examples.size(); ++i) {
    const std::span<float> input = inputs.subspan(i * values_, values_);
    if (const auto* pixels = std::get_if<std::vector<const uint8_t*>>(&from.rows)) {
      scaler_.Apply(std::span((*pixels)[examples[i]], values_), input);
    } else {
      std::copy_n(std::get<std::vector<const float*>>(from.rows)[examples[i]], values_, input.begin());
    }
  }
  return absl::OkStatus();
}

}  // namespace seedbed::train
