// The networks that specifications speak of, built from what the catalogue says of models and features, so that what does not fit is
// refused when it is submitted, and a plan can say what it will cost. No weights are read. Errors have a kFieldPayload. A record without a
// network, which an older version made, gives nullopt: the worker then finds out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/model.pb.h"

namespace seedbed::jobs {

using OptionalGraph = std::optional<graph::Graph>;

// As the record has it.
absl::StatusOr<OptionalGraph> StoredNetwork(const v1::Model& model);
// What the training is going to train, with its trainable layers marked. `weights` is null for random ones; initial_model is not followed.
absl::StatusOr<OptionalGraph> TrainedNetwork(const v1::TrainSpec& spec, const v1::Model* weights, int64_t classes);
// The head that is trained from features: its input is a row of them.
absl::StatusOr<graph::Graph> HeadOnFeatures(const v1::TrainSpec& spec, const v1::FeatureSet& features);
// The network up to the layer whose output is stored, before pooling.
absl::StatusOr<OptionalGraph> ExtractedNetwork(const v1::ExtractSpec& spec, const v1::Model& model);
// Extents of a row of features: the layer's output, pooled.
graph::Shape RowShape(const graph::Shape& layer, v1::Pool pool);
// What is left of the model.
absl::StatusOr<OptionalGraph> EditedNetwork(const v1::EditModelSpec& spec, const v1::Model& model);

// INVALID_ARGUMENT unless the model has the layer and its filters, or the classes, for images of the size.
absl::Status CheckMaximizedNetwork(const v1::MaximizeSpec& spec, const v1::Model& model);

// INVALID_ARGUMENT unless `arch` is empty or what `name`, whose architecture is `actual`, is of.
absl::Status CheckSameArchitecture(const char* field, const std::string& arch, const std::string& actual, const std::string& name);
// INVALID_ARGUMENT naming both when the rows of one mean something else than those of the other.
absl::Status CheckFeaturesMatch(const v1::FeatureSet& features, const v1::FeatureSet& val_features);

}  // namespace seedbed::jobs
