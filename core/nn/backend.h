// What runs a frozen network over many images, fast. Network (network.h) is the plain reference; a backend may fold, fuse and reorder, and
// differs from it by rounding.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

// Used by one thread at a time. The same example gives the same bits in every run and at every place of a batch, whatever the others are,
// as long as batches are of one size and threads of one number: callers whose rows are stored or compared pad the last batch.
class Backend {
 public:
  virtual ~Backend() = default;
  // What computes: part of the identity of stored features.
  virtual std::string_view name() const = 0;
  virtual size_t output_values() const = 0;  // per example

  // The output for a batch: both [example][values], images in height, width, channel order. INVALID_ARGUMENT for a wrong size;
  // RESOURCE_EXHAUSTED, with the sizes, when memory runs out. The first batch of a size may cost some hundred milliseconds more.
  virtual absl::Status Forward(std::span<const float> input, size_t batch, std::span<float> output) = 0;
};

struct BackendOptions {
  // "torch": the reference. "openvino": fast on CPUs, where the build has it. "winograd": faster still for nets of 3x3 convolutions.
  // "auto": the fastest of them for this graph. "check": that one beside the reference, for every batch.
  std::string backend = "auto";
  std::string layer = {};  // whose output is wanted; empty: the last one's
  int threads = 1;
};

// What "check" lets a value differ by, as a share of the batch's largest.
inline constexpr double kCheckTolerance = 1e-4;

// INVALID_ARGUMENT for weights that do not fit, and for an unknown layer or backend, with the nearest name; UNIMPLEMENTED and UNAVAILABLE
// as openvino_backend.h for the backend of that name. The weights are copied.
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const graph::Graph& graph, const TensorViews& weights, const BackendOptions& options);

// Runs both, and gives what `subject` computed. INTERNAL naming `layer` (that of the output), where the largest difference lies and both
// values, when it is larger than `tolerance` or a value is not finite in one of them.
std::unique_ptr<Backend> MakeCheckBackend(std::unique_ptr<Backend> subject, std::unique_ptr<Backend> reference, std::string layer,
                                          double tolerance);

}  // namespace seedbed::nn
