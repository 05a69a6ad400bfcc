// A saved model as the beginning of another network: its layers before the classes, with their weights.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "core/nn/model_file.h"

namespace seedbed::tasks {

// INVALID_ARGUMENT unless `arch` is empty or the model's. `who` names the model in the message: "model 'backbone'".
absl::Status CheckArchitecture(std::string_view arch, const nn::SavedModel& model, std::string_view who);

// The layer where what makes classes out of features begins: the head that a training added, else the architecture's top; the last layer
// of a network without classes. INVALID_ARGUMENT when there is nothing beneath the classes.
absl::StatusOr<std::string> BackboneEnd(const nn::SavedModel& model);

// Makes the model one for images of another size, with the same weights. INVALID_ARGUMENT naming both sizes when a layer's weights or the
// mean image fit only one, or nothing is left of an image.
absl::Status Resize(const image::Preprocessing& preprocessing, nn::SavedModel* model);

// `graph` with a layer of the type behind its output, named as a head's would be: the same features have the same name, whoever pools them.
absl::StatusOr<graph::Graph> WithPooling(const graph::Graph& graph, std::string_view type);

// Those of the weights that the graph has.
nn::TensorViews WeightsOf(const graph::Graph& graph, const nn::TensorMap& weights);

}  // namespace seedbed::tasks
