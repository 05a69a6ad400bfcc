// A model as a TorchScript module: a file that PyTorch runs without Seedbed, by torch.jit.load in Python or C++.
//
// Its forward takes images as uint8 (batch, height, width, 3), RGB, of the model's size, and prepares them itself as the model's
// preprocessing says, but for the resizing. It gives the logits (batch, classes); for a network without classes, its output, images as
// (batch, height, width, channels). Its attribute `classes` lists their names. The numbers are those of Network (network.h).
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "core/nn/model_file.h"

namespace seedbed::nn {

// The module's Python, and what its tensors are called in it: names of parameters (graph.h) to attributes of the module.
struct TorchScriptSource {
  std::string code;
  std::map<std::string, std::string> attributes;
};
// UNIMPLEMENTED for a layer type that it does not know.
absl::StatusOr<TorchScriptSource> WriteTorchScriptSource(const graph::Graph& graph, const image::Preprocessing& preprocessing);

// Missing when the build has SB_TORCH_ROOMS=OFF. Errors of the file system as INTERNAL, with the path.
absl::Status WriteTorchScript(const std::filesystem::path& file, const SavedModel& model);

}  // namespace seedbed::nn
