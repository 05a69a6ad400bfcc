#include "core/nn/model_file.h"

#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/nn/safetensors.h"
#include "core/nn/weights.h"

namespace seedbed::nn {
namespace {

using nlohmann::json;

constexpr char kFormat[] = "seedbed-model";
constexpr int kFormatVersion = 1;
constexpr uint64_t kMaxJsonBytes = uint64_t{64} << 20;

absl::Status CheckClasses(const std::vector<std::string>& classes, const graph::Graph& graph) {
  const std::set<std::string> distinct(classes.begin(), classes.end());
  if (distinct.size() != classes.size()) return absl::DataLossError("a class is listed twice");
  for (const std::string& name : classes) {
    if (!IsUtf8(name)) return absl::DataLossError("a class name is not UTF-8");
  }
  if (classes.empty() && graph.layers().back().layer.type != "softmax") return absl::OkStatus();
  if (graph.output_shape() == graph::Shape{static_cast<int64_t>(classes.size())}) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the network's output is ", graph::FormatShape(graph.output_shape()), ", but there are ", classes.size(), " classes"));
}

absl::Status CheckInput(const image::Preprocessing& preprocessing, const graph::Graph& graph) {
  const graph::Shape expected = {preprocessing.height, preprocessing.width, 3};
  if (graph.input_shape() == expected) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the network's input is ", graph::FormatShape(graph.input_shape()),
                                          ", but images are prepared as ", graph::FormatShape(expected)));
}

struct Description {
  SavedModel model;
  std::string weights_sha256;
};

absl::StatusOr<Description> ParseDescription(const std::string& text) {
  try {
    const json value = json::parse(text);
    if (value.at("format") != kFormat) return absl::DataLossError("it is not a seedbed model");
    if (value.at("format_version") != kFormatVersion) {
      return absl::FailedPreconditionError(
          absl::StrCat("its format version is ", value.at("format_version").dump(), ", this program reads ", kFormatVersion));
    }
    SB_ASSIGN_OR_RETURN(graph::Graph graph, graph::Graph::FromJson(value.at("graph")));
    SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, image::PreprocessingFromJson(value.at("preprocessing")));
    const auto classes = value.at("classes").get<std::vector<std::string>>();
    SB_RETURN_IF_ERROR(CheckClasses(classes, graph));
    SB_RETURN_IF_ERROR(CheckInput(preprocessing, graph));
    return Description{.model = {.arch = value.at("arch").get<std::string>(),
                                 .graph = std::move(graph),
                                 .preprocessing = preprocessing,
                                 .classes = classes,
                                 .weights = {},
                                 .mean_image = {},
                                 .training = value.at("training")},
                       .weights_sha256 = value.at("weights_sha256").get<std::string>()};
  } catch (const json::exception& error) {
    return absl::DataLossError(error.what());
  }
}

// Moves the tensors of the file into the model.
absl::Status TakeWeights(const TensorViews& stored, SavedModel* model) {
  const graph::Shape& shape = model->graph.input_shape();
  TensorViews network = stored;
  if (const auto mean = network.find(kMeanImageName); mean != network.end()) {
    if (mean->second.dtype != DType::kF32 || mean->second.shape != shape || !AllFinite(mean->second)) {
      return absl::DataLossError("the mean image has the wrong type or shape, or values that are not finite");
    }
    model->mean_image = FloatsOf(mean->second);
    network.erase(mean);
  }
  if (model->mean_image.empty() == (model->preprocessing.center == image::Center::kMeanImage)) {
    return absl::DataLossError("there is a mean image where none is used, or none where one is");
  }
  if (absl::Status checked = CheckWeights(model->graph, network); !checked.ok()) return absl::DataLossError(checked.message());
  for (const auto& [name, view] : network) {
    model->weights.emplace(name, Tensor{view.dtype, view.shape, {view.data.begin(), view.data.end()}});
  }
  return absl::OkStatus();
}

json Describe(const SavedModel& model) {
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"arch", model.arch},
          {"classes", model.classes},
          {"preprocessing", image::PreprocessingToJson(model.preprocessing)},
          {"graph", model.graph.ToJson()},
          {"parameters", model.graph.parameter_count()},
          {"trainable_parameters", model.graph.trainable_parameter_count()},
          {"weights_sha256", ModelSha256(model)},
          {"training", model.training}};
}

}  // namespace

TensorViews StoredTensors(const SavedModel& model) {
  TensorViews views = ViewsOf(model.weights);
  if (!model.mean_image.empty()) {
    views.emplace(kMeanImageName, TensorView{DType::kF32, model.graph.input_shape(), std::as_bytes(std::span(model.mean_image))});
  }
  return views;
}

std::string ModelSha256(const SavedModel& model) { return WeightsSha256(StoredTensors(model)); }

absl::Status WriteModelWeights(const std::filesystem::path& file, const SavedModel& model) {
  for (const std::string& name : model.classes) {
    if (!IsUtf8(name)) return absl::InvalidArgumentError("a class name is not UTF-8; rename the folder");
  }
  const Metadata metadata = {{"format", kFormat},
                             {"format_version", std::to_string(kFormatVersion)},
                             {"arch", model.arch},
                             {"classes", json(model.classes).dump()},
                             {"preprocessing", image::PreprocessingToJson(model.preprocessing).dump()}};
  return WriteSafetensors(file, StoredTensors(model), metadata);
}

absl::Status WriteModel(const std::filesystem::path& folder, const SavedModel& model) {
  SB_RETURN_IF_ERROR(WriteModelWeights(folder / kModelWeightsName, model));
  return PublishFile(folder / kModelJsonName, Describe(model).dump(1) + "\n");
}

absl::StatusOr<SavedModel> ReadModel(const std::filesystem::path& folder) {
  const std::filesystem::path description_file = folder / kModelJsonName, weights_file = folder / kModelWeightsName;
  SB_ASSIGN_OR_RETURN(const std::string text, ReadFile(description_file, kMaxJsonBytes));
  auto description = ParseDescription(text);
  if (!description.ok()) return Annotate(description.status(), description_file.string());
  SB_ASSIGN_OR_RETURN(const SafetensorsFile weights, SafetensorsFile::Open(weights_file));
  if (WeightsSha256(weights.tensors()) != description->weights_sha256) {
    return absl::DataLossError(absl::StrCat(weights_file.string(), ": its digest is not the one in ", kModelJsonName));
  }
  SB_RETURN_IF_ERROR(Annotate(TakeWeights(weights.tensors(), &description->model), weights_file.string()));
  return std::move(description->model);
}

}  // namespace seedbed::nn
