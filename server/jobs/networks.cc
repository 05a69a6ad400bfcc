#include "server/jobs/networks.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/named_class.h"
#include "core/graph/architectures.h"
#include "core/graph/backbone.h"
#include "core/graph/edit.h"
#include "core/graph/objective.h"
#include "server/jobs/field_error.h"

namespace seedbed::jobs {
namespace {

constexpr char kHead[] = "spec.train.head";
constexpr char kTrainable[] = "spec.train.trainable";
constexpr int64_t kChannels = 3;

// With the field that is at fault.
template <typename T>
absl::StatusOr<T> At(const char* field, absl::StatusOr<T> result) {
  if (result.ok()) return result;
  return AtField(field, result.status());
}

// For images of width x height; 0: the network's own.
absl::StatusOr<graph::Graph> Resized(const graph::Graph& network, int width, int height) {
  const graph::Shape& own = network.input_shape();
  if (own.size() != 3) return network;
  return graph::ForImages(network, {height == 0 ? own[0] : height, width == 0 ? own[1] : width, own[2]});
}

// What lies before the model's classes.
absl::StatusOr<graph::Graph> BackboneOf(const v1::Model& model, const graph::Graph& network) {
  SB_ASSIGN_OR_RETURN(const std::string end, graph::BackboneEnd(network, model.arch(), model.classes_size() > 0));
  return graph::CutAt(network, end);
}

absl::StatusOr<std::string> HeadText(const v1::TrainSpec& spec) {
  std::string text;
  if (!spec.has_head()) return text;
  const auto converted = google::protobuf::util::MessageToJsonString(spec.head(), &text);
  if (!converted.ok()) return absl::InvalidArgumentError("is not a list of layers");
  return text;
}

absl::StatusOr<graph::Graph> WithHead(const v1::TrainSpec& spec, const std::string& arch, const graph::Graph& backbone, int64_t classes) {
  SB_ASSIGN_OR_RETURN(const std::string text, HeadText(spec));
  SB_ASSIGN_OR_RETURN(const nlohmann::json head, graph::HeadFor(text, arch, backbone));
  return graph::AppendHead(backbone, head, classes);
}

// Of the last step, {"standardize": {"zca_whitening": true}}: the one step that is a layer of the network.
bool AsksForWhitening(const v1::Preprocessing& images) {
  if (images.pipeline().values().empty()) return false;
  const auto& step = images.pipeline().values().rbegin()->struct_value().fields();
  const auto standardize = step.find("standardize");
  if (standardize == step.end()) return false;
  const auto& settings = standardize->second.struct_value().fields();
  const auto zca = settings.find("zca_whitening");
  return zca != settings.end() && zca->second.bool_value();
}

absl::StatusOr<graph::Graph> FromArchitecture(const v1::TrainSpec& spec, int64_t classes) {
  const graph::Shape image{spec.preprocessing().height(), spec.preprocessing().width(), kChannels};
  const int64_t top = spec.has_head() ? 0 : classes;
  SB_ASSIGN_OR_RETURN(graph::Graph network,
                      At("spec.train.preprocessing", graph::BuildArchitecture(spec.arch(), {.input_shape = image, .classes = top})));
  if (spec.has_head()) {
    SB_ASSIGN_OR_RETURN(network, At(kHead, WithHead(spec, spec.arch(), network, classes)));
  }
  if (!AsksForWhitening(spec.preprocessing())) return network;
  return At("spec.train.preprocessing.pipeline", graph::InsertBehindInput(network, graph::kWhitening, "whiten"));
}

absl::StatusOr<graph::Graph> FromWeights(const v1::TrainSpec& spec, const v1::Model& weights, const graph::Graph& stored, int64_t classes) {
  const v1::Preprocessing& images = spec.preprocessing();
  SB_ASSIGN_OR_RETURN(const graph::Graph whole, At("spec.train.weights", BackboneOf(weights, stored)));
  SB_ASSIGN_OR_RETURN(const graph::Graph backbone, At("spec.train.preprocessing", Resized(whole, images.width(), images.height())));
  return At(kHead, WithHead(spec, weights.arch(), backbone, classes));
}

absl::StatusOr<graph::Graph> WithTrainable(const v1::TrainSpec& spec, const graph::Graph& network) {
  const std::vector<std::string> patterns(spec.trainable().begin(), spec.trainable().end());
  SB_ASSIGN_OR_RETURN(graph::Graph result, At(kTrainable, graph::SetTrainable(network, patterns)));
  if (result.trainable_parameter_count() > 0) return result;
  return FieldError(kTrainable,
                    absl::StrCat("names no layer that has weights: nothing would be trained by ", absl::StrJoin(patterns, ", ")));
}

std::string ModelText(const v1::FeatureSet& features) { return absl::StrCat(features.model(), ":", features.model_version()); }

std::string PipelineText(const v1::Preprocessing& images) {
  std::string steps;
  if (images.pipeline().values().empty() || !google::protobuf::util::MessageToJsonString(images.pipeline(), &steps).ok()) return "";
  return absl::StrCat(" after pipeline ", nlohmann::json::parse(steps, nullptr, /*allow_exceptions=*/false).dump());
}

// What the rows are, for a comparison by people.
std::string RowText(const v1::FeatureSet& features) {
  const v1::Preprocessing& images = features.preprocessing();
  return absl::StrCat("'", features.name(), "' has ", absl::StrJoin(features.shape(), "x"), " of layer '", features.layer(), "' of model ",
                      ModelText(features), " (weights ", features.weights_sha256().substr(0, 12), ") for images of ", images.width(), "x",
                      images.height(), PipelineText(images));
}

bool RowsMatch(const v1::FeatureSet& one, const v1::FeatureSet& other) {
  return one.weights_sha256() == other.weights_sha256() && one.layer() == other.layer() && one.pool() == other.pool() &&
         std::equal(one.shape().begin(), one.shape().end(), other.shape().begin(), other.shape().end()) &&
         google::protobuf::util::MessageDifferencer::Equals(one.preprocessing(), other.preprocessing());
}

}  // namespace

absl::StatusOr<OptionalGraph> StoredNetwork(const v1::Model& model) {
  if (model.graph().empty()) return OptionalGraph();
  const nlohmann::json json = nlohmann::json::parse(model.graph(), nullptr, /*allow_exceptions=*/false);
  absl::StatusOr<graph::Graph> network = graph::Graph::FromJson(json);
  if (network.ok()) return OptionalGraph(*std::move(network));
  return absl::DataLossError(absl::StrCat("the record of model '", model.name(), "' is damaged: ", network.status().message()));
}

absl::StatusOr<OptionalGraph> TrainedNetwork(const v1::TrainSpec& spec, const v1::Model* weights, int64_t classes) {
  OptionalGraph network;
  if (weights == nullptr) {
    SB_ASSIGN_OR_RETURN(network, FromArchitecture(spec, classes));
  } else {
    SB_ASSIGN_OR_RETURN(const OptionalGraph stored, StoredNetwork(*weights));
    if (!stored) return OptionalGraph();
    SB_ASSIGN_OR_RETURN(network, FromWeights(spec, *weights, *stored, classes));
  }
  SB_ASSIGN_OR_RETURN(network, WithTrainable(spec, *network));
  return network;
}

absl::StatusOr<graph::Graph> HeadOnFeatures(const v1::TrainSpec& spec, const v1::FeatureSet& features) {
  graph::Layer input{.name = "features", .type = "input", .inputs = {}};
  input.config["shape"] = std::vector<int64_t>(features.shape().begin(), features.shape().end());
  SB_ASSIGN_OR_RETURN(const graph::Graph row, At("spec.train.features", graph::Graph::Create({std::move(input)})));
  return At(kHead, WithHead(spec, features.arch(), row, features.classes_size()));
}

absl::StatusOr<OptionalGraph> ExtractedNetwork(const v1::ExtractSpec& spec, const v1::Model& model) {
  SB_ASSIGN_OR_RETURN(const OptionalGraph stored, StoredNetwork(model));
  if (!stored) return OptionalGraph();
  const auto cut = spec.layer().empty() ? BackboneOf(model, *stored) : graph::CutAt(*stored, spec.layer());
  SB_ASSIGN_OR_RETURN(const graph::Graph network, At("spec.extract.layer", cut));
  SB_ASSIGN_OR_RETURN(graph::Graph resized, At("spec.extract.width", Resized(network, spec.width(), spec.height())));
  return OptionalGraph(std::move(resized));
}

graph::Shape RowShape(const graph::Shape& layer, v1::Pool pool) {
  const bool pooled = layer.size() == 3 && (pool == v1::POOL_AVG || pool == v1::POOL_MAX);
  return pooled ? graph::Shape{layer.back()} : layer;
}

absl::StatusOr<OptionalGraph> EditedNetwork(const v1::EditModelSpec& spec, const v1::Model& model) {
  SB_ASSIGN_OR_RETURN(const OptionalGraph stored, StoredNetwork(model));
  if (!stored) return OptionalGraph();
  SB_ASSIGN_OR_RETURN(graph::Graph network, spec.has_pop() ? At("spec.edit_model.pop", graph::PopLayers(*stored, spec.pop()))
                                                           : At("spec.edit_model.cut_layer", graph::CutAt(*stored, spec.cut_layer())));
  return OptionalGraph(std::move(network));
}

absl::Status CheckMaximizedNetwork(const v1::MaximizeSpec& spec, const v1::Model& model) {
  const std::vector<std::string> classes(model.classes().begin(), model.classes().end());
  for (const std::string& name : spec.classes()) SB_RETURN_IF_ERROR(At("spec.maximize.classes", FindClass(classes, name)).status());
  SB_ASSIGN_OR_RETURN(const OptionalGraph stored, StoredNetwork(model));
  if (!stored) return absl::OkStatus();
  const bool softmax = spec.score() == v1::CLASS_SCORE_KIND_SOFTMAX;
  SB_ASSIGN_OR_RETURN(const graph::Objective objective, spec.layer().empty()
                                                            ? At("spec.maximize.classes", graph::ClassObjective(*stored, softmax))
                                                            : At("spec.maximize.layer", graph::ObjectiveOf(*stored, spec.layer())));
  for (const int32_t filter : spec.filters()) {
    SB_RETURN_IF_ERROR(AtField("spec.maximize.filters", graph::CheckFilter(objective, spec.layer(), filter)));
  }
  return At("spec.maximize.width", Resized(objective.graph, spec.width(), spec.height())).status();
}

absl::Status CheckSameArchitecture(const char* field, const std::string& arch, const std::string& actual, const std::string& name) {
  if (arch.empty() || actual.empty() || arch == actual) return absl::OkStatus();
  return AtField(field, absl::InvalidArgumentError(absl::StrCat("'", name, "' is a ", actual, ", not a ", arch)));
}

absl::Status CheckFeaturesMatch(const v1::FeatureSet& features, const v1::FeatureSet& val_features) {
  constexpr char kField[] = "spec.train.val_features";
  if (!RowsMatch(features, val_features)) {
    return AtField(
        kField, absl::InvalidArgumentError(absl::StrCat("the two do not go together: ", RowText(features), ", ", RowText(val_features))));
  }
  if (std::equal(features.classes().begin(), features.classes().end(), val_features.classes().begin(), val_features.classes().end())) {
    return absl::OkStatus();
  }
  return AtField(
      kField, absl::InvalidArgumentError(absl::StrCat("'", features.name(), "' has the classes ", absl::StrJoin(features.classes(), ", "),
                                                      "; '", val_features.name(), "' has ", absl::StrJoin(val_features.classes(), ", "))));
}

}  // namespace seedbed::jobs
