// What everything that runs a graph asks of its arguments.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/graph.h"

namespace seedbed::nn {

// INVALID_ARGUMENT with the sizes when the batch is empty, or `values` are not as many as it has of `what`, whose shape this is.
inline absl::Status CheckValues(std::string_view what, const graph::Shape& shape, size_t values, size_t batch) {
  if (batch > 0 && values == batch * static_cast<size_t>(graph::ElementsOf(shape))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(what), " is ", graph::FormatShape(shape), ", but there are ", values, " values for a batch of ", batch));
}

inline absl::Status CheckBatch(const graph::Graph& graph, size_t input_values, size_t batch, size_t output_values) {
  SB_RETURN_IF_ERROR(CheckValues("the network's input", graph.input_shape(), input_values, batch));
  return CheckValues("the network's output", graph.output_shape(), output_values, batch);
}

}  // namespace seedbed::nn
