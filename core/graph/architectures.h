// The networks that `--arch` names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"

namespace seedbed::graph {

struct ArchitectureOptions {
  Shape input_shape;    // height, width, channels
  int64_t classes = 0;  // units of the last dense layer
};

// One network. Adding one takes a file in architectures/ that defines it, and its row in architectures.cc.
struct Architecture {
  std::string_view name;
  absl::StatusOr<Graph> (*build)(const ArchitectureOptions& options) = nullptr;
};

// INVALID_ARGUMENT listing the known names.
absl::StatusOr<Graph> BuildArchitecture(std::string_view name, const ArchitectureOptions& options);
std::vector<std::string> ArchitectureNames();

}  // namespace seedbed::graph
