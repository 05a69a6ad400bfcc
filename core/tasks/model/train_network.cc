#include "core/tasks/model/train_network.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/graph/backbone.h"
#include "core/graph/edit.h"
#include "core/nn/weights.h"
#include "core/tasks/model/backbone.h"

namespace seedbed::tasks {
namespace {

using nlohmann::json;

std::string ArchitectureOf(const TrainSpec& spec) { return spec.arch.empty() ? "logistic" : spec.arch; }
int64_t Count(const std::vector<std::string>& classes) { return static_cast<int64_t>(classes.size()); }
std::string Named(const TrainSpec& spec) { return absl::StrCat("the weights '", spec.weights, "'"); }

graph::Shape ShapeOf(const image::Preprocessing& preprocessing) { return {preprocessing.height, preprocessing.width, 3}; }

absl::StatusOr<graph::Graph> WithTrainable(const TrainSpec& spec, const graph::Graph& graph, const char* usual) {
  const std::vector<std::string> patterns = spec.trainable.empty() ? std::vector<std::string>{usual} : spec.trainable;
  SB_ASSIGN_OR_RETURN(graph::Graph result, graph::SetTrainable(graph, patterns));
  if (result.trainable_parameter_count() > 0) return result;
  return absl::InvalidArgumentError(
      absl::StrCat("nothing would be trained: trainable '", absl::StrJoin(patterns, "', '"), "' names no layer that has weights"));
}

absl::StatusOr<TrainNetwork> Finish(nn::SavedModel model, std::string frozen, BackboneOrigin backbone) {
  SB_ASSIGN_OR_RETURN(graph::Graph tail, graph::TailAfter(model.graph, frozen));
  return TrainNetwork{.model = std::move(model), .frozen = std::move(frozen), .tail = std::move(tail), .backbone = std::move(backbone)};
}
absl::StatusOr<TrainNetwork> Finish(nn::SavedModel model, BackboneOrigin backbone) {
  std::string frozen = graph::FrozenPart(model.graph).layer.name;
  SB_ASSIGN_OR_RETURN(const graph::Graph part, graph::CutAt(model.graph, frozen));
  if (!graph::ComputesAnything(part)) frozen = model.graph.layers().front().layer.name;
  return Finish(std::move(model), std::move(frozen), std::move(backbone));
}

absl::StatusOr<TrainNetwork> FromArchitecture(const TrainSpec& spec, const std::vector<std::string>& classes) {
  const std::string arch = ArchitectureOf(spec);
  SB_ASSIGN_OR_RETURN(const graph::Architecture* architecture, graph::FindArchitecture(arch));
  SB_ASSIGN_OR_RETURN(image::Preprocessing usual, UsualPreprocessing(*architecture));
  if (arch == "logistic") usual.center = image::Center::kMeanImage;
  PreprocessingSpec wanted = spec.preprocessing;
  SB_ASSIGN_OR_RETURN(const std::optional<double> whitening, TakeWhitening(&wanted));
  SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, ResolvePreprocessing(wanted, usual));
  const bool has_head = !spec.head.empty();
  SB_ASSIGN_OR_RETURN(graph::Graph graph,
                      architecture->build({.input_shape = ShapeOf(preprocessing), .classes = has_head ? 0 : Count(classes)}));
  if (has_head) {
    SB_ASSIGN_OR_RETURN(const json head, graph::HeadFor(spec.head, arch, graph));
    SB_ASSIGN_OR_RETURN(graph, graph::AppendHead(graph, head, Count(classes)));
  }
  if (whitening) {
    auto whitened = graph::InsertBehindInput(graph, graph::kWhitening, "whiten");
    if (!whitened.ok()) return Annotate(whitened.status(), "pipeline");
    graph = *std::move(whitened);
  }
  SB_ASSIGN_OR_RETURN(graph, WithTrainable(spec, graph, "all"));
  nn::TensorMap weights = nn::InitializeWeights(graph, spec.seed);
  SB_ASSIGN_OR_RETURN(TrainNetwork network, Finish({.arch = arch,
                                                    .graph = std::move(graph),
                                                    .preprocessing = preprocessing,
                                                    .classes = classes,
                                                    .weights = std::move(weights),
                                                    .mean_image = {},
                                                    .training = {}},
                                                   {}));
  network.whitening = whitening;
  return network;
}

// With what may be chosen anew for weights: how large pictures are, and what is done to them before they become numbers.
image::Preprocessing WithPicturesOf(const image::Preprocessing& chosen, image::Preprocessing preprocessing) {
  preprocessing.width = chosen.width;
  preprocessing.height = chosen.height;
  preprocessing.steps = chosen.steps;
  return preprocessing;
}

absl::Status Disagreement(std::string_view who, const image::Preprocessing& trained, const image::Preprocessing& wanted) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(who), " expect images prepared as ", image::PreprocessingText(trained),
                                                 "; asked for was ", image::PreprocessingText(wanted), " (",
                                                 image::PreprocessingDifference(wanted, trained), ")"));
}

// Settings that the weights were trained under hold for whatever is built on them; only size and pipeline may be others.
absl::StatusOr<image::Preprocessing> PreprocessingFor(const TrainSpec& spec, const image::Preprocessing& trained) {
  SB_ASSIGN_OR_RETURN(const image::Preprocessing wanted, ResolvePreprocessing(spec.preprocessing, trained));
  if (wanted == WithPicturesOf(wanted, trained)) return wanted;
  return Disagreement(Named(spec), trained, wanted);
}

std::string Listed(const std::vector<std::string>& classes) { return absl::StrJoin(classes, ", "); }

absl::StatusOr<TrainNetwork> FromInitialModel(const TrainSpec& spec, const std::vector<std::string>& classes) {
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(spec.initial_model_dir));
  if (!spec.head.empty()) return absl::InvalidArgumentError("head is given, but the initial model has its own; leave one of them out");
  if (model.classes != classes) {
    return absl::InvalidArgumentError(absl::StrCat("the initial model was trained for other classes (", Listed(model.classes),
                                                   ") than dataset '", spec.dataset, "' has (", Listed(classes), ")"));
  }
  SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, ResolvePreprocessing(spec.preprocessing, model.preprocessing));
  const std::string arch = spec.arch.empty() ? model.arch : spec.arch;
  if (arch != model.arch || ShapeOf(preprocessing) != model.graph.input_shape()) {
    return absl::InvalidArgumentError(absl::StrCat("the initial model is a ", model.arch, " for images of ",
                                                   graph::FormatShape(model.graph.input_shape()), ", not a ", arch, " for ",
                                                   graph::FormatShape(ShapeOf(preprocessing))));
  }
  // Whether a mean image is subtracted may change: its offset is learnt again at once.
  image::Preprocessing trained = model.preprocessing;
  trained.center = preprocessing.center;
  if (preprocessing != trained) return Disagreement("the initial model's weights", model.preprocessing, preprocessing);
  if (!spec.trainable.empty()) {
    SB_ASSIGN_OR_RETURN(model.graph, WithTrainable(spec, model.graph, "all"));
  }
  model.preprocessing = preprocessing;
  model.mean_image.clear();
  return Finish(std::move(model), {});
}

// `backbone` with a head on it: its weights as they are, the head's random. They depend on the seed and the head alone.
absl::StatusOr<nn::SavedModel> WithHead(const TrainSpec& spec, nn::SavedModel backbone, const std::vector<std::string>& classes) {
  SB_ASSIGN_OR_RETURN(const json head, graph::HeadFor(spec.head, backbone.arch, backbone.graph));
  SB_ASSIGN_OR_RETURN(const graph::Graph graph, graph::AppendHead(backbone.graph, head, Count(classes)));
  SB_ASSIGN_OR_RETURN(const graph::Graph tail, graph::TailAfter(graph, backbone.graph.layers().back().layer.name));
  nn::TensorMap weights = nn::InitializeWeights(tail, spec.seed);
  for (const graph::Parameter& parameter : backbone.graph.parameters()) weights.insert(backbone.weights.extract(parameter.name));
  backbone.weights = std::move(weights);
  SB_ASSIGN_OR_RETURN(backbone.graph, WithTrainable(spec, graph, "head"));
  backbone.classes = classes;
  backbone.training = {};
  return backbone;
}

absl::StatusOr<TrainNetwork> FromWeights(const TrainSpec& spec, const std::vector<std::string>& classes) {
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(spec.weights_dir));
  SB_RETURN_IF_ERROR(CheckArchitecture(spec.arch, model, absl::StrCat("the network of ", Named(spec))));
  SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, PreprocessingFor(spec, model.preprocessing));
  BackboneOrigin origin{.model = spec.weights, .weights_sha256 = nn::ModelSha256(model), .end = ""};
  auto end = BackboneEnd(model);
  if (!end.ok()) return Annotate(end.status(), Named(spec));
  origin.end = *std::move(end);
  SB_ASSIGN_OR_RETURN(model.graph, graph::CutAt(model.graph, origin.end));
  SB_RETURN_IF_ERROR(Annotate(Resize(preprocessing, &model), Named(spec)));
  SB_ASSIGN_OR_RETURN(model, WithHead(spec, std::move(model), classes));
  return Finish(std::move(model), std::move(origin));
}

}  // namespace

absl::StatusOr<TrainNetwork> NetworkForImages(const TrainSpec& spec, const std::vector<std::string>& classes) {
  if (!spec.weights_dir.empty() && !spec.initial_model_dir.empty()) {
    return absl::InvalidArgumentError("weights and an initial model are given; leave one of them out");
  }
  if (!spec.initial_model_dir.empty()) return FromInitialModel(spec, classes);
  if (!spec.weights_dir.empty()) return FromWeights(spec, classes);
  return FromArchitecture(spec, classes);
}

absl::StatusOr<TrainNetwork> NetworkForFeatures(const TrainSpec& spec, const FeatureOrigin& origin,
                                                const std::vector<std::string>& classes) {
  const std::string who = absl::StrCat("the features of '", origin.features, "'"), made_by = absl::StrCat("model '", origin.model, "'");
  SB_ASSIGN_OR_RETURN(const image::Preprocessing wanted, ResolvePreprocessing(spec.preprocessing, origin.preprocessing));
  if (wanted != origin.preprocessing) return Disagreement(who, origin.preprocessing, wanted);
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(spec.weights_dir));
  SB_RETURN_IF_ERROR(CheckArchitecture(spec.arch, model, made_by));
  BackboneOrigin backbone{.model = origin.model, .weights_sha256 = nn::ModelSha256(model), .end = ""};
  if (backbone.weights_sha256 != origin.weights_sha256) {
    return absl::InvalidArgumentError(absl::StrCat(who, " were made with weights of the digest ", origin.weights_sha256, ", but those of ",
                                                   made_by, " have ", backbone.weights_sha256, "; extract the features again"));
  }
  SB_ASSIGN_OR_RETURN(model.graph, graph::CutAt(model.graph, origin.layer));
  SB_RETURN_IF_ERROR(Resize(origin.preprocessing, &model));
  if (!origin.pooling.empty()) {
    SB_ASSIGN_OR_RETURN(model.graph, WithPooling(model.graph, origin.pooling));
  }
  const graph::Graph frozen = model.graph;
  backbone.end = frozen.layers().back().layer.name;
  SB_ASSIGN_OR_RETURN(model, WithHead(spec, std::move(model), classes));
  for (const graph::ResolvedLayer& layer : frozen.layers()) {
    if (!model.graph.Find(layer.layer.name)->trainable()) continue;
    return absl::InvalidArgumentError(absl::StrCat("layer '", layer.layer.name, "' cannot be trained from the features of '", backbone.end,
                                                   "', which comes after it; train from images"));
  }
  std::string end = backbone.end;
  return Finish(std::move(model), std::move(end), std::move(backbone));
}

}  // namespace seedbed::tasks
