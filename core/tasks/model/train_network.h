// The network of a training: which layers, with which first weights, and which of them never change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/model_file.h"
#include "core/tasks/model/train.h"

namespace seedbed::tasks {

// Where a backbone's weights come from, for the record.
struct BackboneOrigin {
  std::string model;  // NAME:VERSION; empty: the weights are random at first
  std::string weights_sha256;
  std::string end;  // its last layer
};

struct TrainNetwork {
  nn::SavedModel model;  // the whole network, as it will be published but for what training changes
  std::string frozen;    // the layer up to which nothing is trained; the input when nothing is frozen
  graph::Graph tail;     // what comes after it
  BackboneOrigin backbone;
  // Its layer graph::kWhitening is to be fitted to the training images, with this epsilon (core/train/whitening.h); nullopt: it has none,
  // or one that is.
  std::optional<double> whitening = std::nullopt;
};

// A network for images: the weights' backbone with a head on it, the initial model's, or the architecture's. INVALID_ARGUMENT when what is
// asked for does not fit: naming both preprocessings, both architectures, both sizes, the head's last layer or the pattern.
absl::StatusOr<TrainNetwork> NetworkForImages(const TrainSpec& spec, const std::vector<std::string>& classes);

// What stored features say of the network that made them.
struct FeatureOrigin {
  std::string features;  // name of the set
  std::string model;     // NAME:VERSION of the network
  std::string weights_sha256;
  std::string layer;
  std::string pooling;  // type of the layer that pools the layer's output; empty: none
  image::Preprocessing preprocessing;
};
// The network that made the features, up to their layer, with a head on it; only the head may be trainable. `frozen` is the layer (or its
// pooling) whose output the features are.
absl::StatusOr<TrainNetwork> NetworkForFeatures(const TrainSpec& spec, const FeatureOrigin& origin,
                                                const std::vector<std::string>& classes);

}  // namespace seedbed::tasks
