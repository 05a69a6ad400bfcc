// Weights under other people's names: what Keras, torchvision, timm and others call the tensors of the networks that we know. Layouts are
// PyTorch's in all of them (deploy/weights/to_safetensors.py sees to it for Keras), but for the order of values that a flatten makes.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

// One convention of names.
struct Naming {
  std::string_view name;  // "torchvision"
  // Images are flattened as channels, height, width; ours are height, width, channels.
  bool flattens_channels_first = false;
  // What a tensor called `layer`.`leaf` by us may be called; empty: nothing that the convention knows.
  std::vector<std::string> (*names)(std::string_view layer, std::string_view leaf) = nullptr;
};
// Ours first.
std::span<const Naming> Namings();

struct RenamedWeights {
  std::string_view naming;  // of the file
  TensorMap weights;        // the graph's, by its names, F32
};

// Tells the naming by how many of the graph's tensors and of `unused` it finds, renames, converts F64, F16 and BF16 to F32, reorders the
// inputs of a dense layer behind a flatten, and checks as weights.h. Left out: counters of batches that PyTorch keeps, and `unused`
// (parameters by our names, such as those of a top that is not wanted). INVALID_ARGUMENT when no naming fits, or listing what is missing,
// extra or misshapen.
absl::StatusOr<RenamedWeights> RenameWeights(const graph::Graph& graph, const TensorViews& source, const std::set<std::string>& unused);

// What the file's tensor for our `parameter` is called in the naming that fits the file best; empty: it has none.
std::string NameInFile(const graph::Graph& graph, const TensorViews& source, std::string_view parameter);

}  // namespace seedbed::nn
