// Learns any graph with LibTorch's automatic differentiation. This header is free of it, so that any part of the program may include it;
// the room lacks this part when the build has SB_TORCH_ROOMS=OFF.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/tensor.h"
#include "core/train/examples.h"
#include "core/train/learner.h"
#include "core/train/optimizer.h"

namespace seedbed::train {

struct TorchLearnerOptions {
  OptimizerOptions optimizer;
  augment::Mixing mixing;  // of training batches
  uint64_t seed = 0;       // of the dropout's masks, and of what mixing draws
  PixelOptions pixels;
  // Examples that are evaluated together: bounds the memory, since batches of validation are larger than those of training.
  size_t evaluation_batch = 32;
  std::string_view instruction_set;  // of the optimizer's arithmetic: "avx512", "avx2", "baseline"
};

// A learner for a graph with a trainable layer, whose logits (graph.h) are one for each class; the loss is the cross-entropy of their
// softmax. Layers that are not trainable get neither gradients nor optimizer slots and stay as they are, batch norm's statistics included;
// what comes before the first trainable layer is only run forwards.
//
// While training, dropout keeps a value with the probability 1 - rate, divided by it; its masks depend on seed, optimizer step, example and
// layer alone. A trainable batch norm normalises with the batch's mean and (biased) variance, by which its running statistics move as
// Keras's do: running = momentum running + (1 - momentum) batch's. In evaluation nothing is dropped and the running statistics normalise.
//
// weights() has every parameter of the graph, statistics and frozen ones included; optimizer_state() has "<parameter>/<slot>" for each
// trainable one. The same calls give the same bits for the same instruction set, processor and number of threads (nn::SetComputeThreads).
//
// INVALID_ARGUMENT when weights, rows and graph do not fit each other, or nothing is trainable; FAILED_PRECONDITION when the processor
// lacks the instruction set. Batches that do not fit into memory end as RESOURCE_EXHAUSTED with the sizes and what to do. The rows must
// outlive the learner.
absl::StatusOr<std::unique_ptr<Learner>> MakeTorchLearner(const graph::Graph& graph, const nn::TensorMap& weights, Examples training,
                                                          Examples validation, const TorchLearnerOptions& options);

}  // namespace seedbed::train
