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
  Shape input_shape;  // height, width, channels
  // Units of the last dense layer. 0: the network without its top, which is where transfer learning puts a head; it ends in the last image.
  int64_t classes = 0;
};

// One network. Adding one takes a file in architectures/ that defines it, and its row in architectures.cc.
struct Architecture {
  std::string_view name;
  absl::StatusOr<Graph> (*build)(const ArchitectureOptions& options) = nullptr;
  // How images are prepared for its published weights: the name of a preset (core/image/preprocessing.h), and their width and height.
  std::string_view preset;
  int side = 0;
  // What makes a classifier of the network without top: a head for edit.h, as JSON.
  std::string_view head;
};

// INVALID_ARGUMENT suggesting the nearest name and listing the known ones.
absl::StatusOr<const Architecture*> FindArchitecture(std::string_view name);
absl::StatusOr<Graph> BuildArchitecture(std::string_view name, const ArchitectureOptions& options);
std::vector<std::string> ArchitectureNames();

}  // namespace seedbed::graph
