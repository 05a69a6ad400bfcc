// export_tool FOLDER SETTINGS: makes a model with random weights, exports it as TorchScript, and runs it on random pixels. SETTINGS is a
// JSON object: arch, preset, width, height, classes (0: without top), head (a list; optional), center ("none" or "mean_image"),
// standardized (by the picture itself), batch.
//
// Leaves in FOLDER model.pt, pixels.bin (uint8, batch x height x width x 3) and output.bin (float32: what the network makes of them, up to
// its logits), and prints the shape of one output as JSON.
#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/graph/edit.h"
#include "core/image/pixel_scaler.h"
#include "core/nn/model_file.h"
#include "core/nn/network.h"
#include "core/nn/torchscript.h"
#include "core/nn/weights.h"
#include "nlohmann/json.hpp"

namespace seedbed::nn {
namespace {

using nlohmann::json;

// Statistics and scales that are not the identity, so that a batch norm does something.
void Disturb(const graph::Graph& graph, TensorMap* weights) {
  uint64_t index = 0;
  for (const graph::Parameter& parameter : graph.parameters()) {
    RandomStream random(7, RandomPurpose::kGenerate, index++);
    if (parameter.fan_in > 0) continue;
    std::vector<float> values = FloatsOf(weights->at(parameter.name).view());
    for (float& value : values) value += 0.2f * random.NextUniform();
    weights->at(parameter.name) = Tensor::FromFloats(parameter.shape, values);
  }
}

absl::StatusOr<SavedModel> ModelFrom(const json& settings) {
  SB_ASSIGN_OR_RETURN(image::Preprocessing preprocessing, image::PresetNamed(settings.at("preset").get<std::string>()));
  preprocessing.width = settings.at("width");
  preprocessing.height = settings.at("height");
  const int64_t classes = settings.at("classes");
  const graph::Shape shape = {preprocessing.height, preprocessing.width, 3};
  const bool has_head = settings.contains("head");
  SB_ASSIGN_OR_RETURN(graph::Graph graph, graph::BuildArchitecture(settings.at("arch").get<std::string>(),
                                                                   {.input_shape = shape, .classes = has_head ? 0 : classes}));
  if (has_head) {
    SB_ASSIGN_OR_RETURN(graph, graph::AppendHead(graph, settings["head"], classes));
  }
  if (settings.value("whitened", false)) {
    SB_ASSIGN_OR_RETURN(graph, graph::InsertBehindInput(graph, graph::kWhitening, "whiten"));
  }
  TensorMap weights = InitializeWeights(graph, 3);
  Disturb(graph, &weights);
  if (settings.value("standardized", false)) preprocessing.samplewise = image::Standardize::kCenterAndScale;
  std::vector<float> mean_image;
  if (settings.value("center", "none") == "mean_image") {
    preprocessing.center = image::Center::kMeanImage;
    RandomStream random(8, RandomPurpose::kGenerate);
    for (int64_t i = 0; i < graph::ElementsOf(shape); ++i) mean_image.push_back(random.NextUniform());
  }
  std::vector<std::string> names;
  for (int64_t k = 0; k < classes; ++k) names.push_back(absl::StrCat("class ", k));
  return SavedModel{.arch = settings.at("arch"),
                    .graph = std::move(graph),
                    .preprocessing = preprocessing,
                    .classes = std::move(names),
                    .weights = std::move(weights),
                    .mean_image = std::move(mean_image),
                    .training = {}};
}

template <typename T>
absl::Status WriteBytes(const std::filesystem::path& file, const std::vector<T>& values) {
  return PublishFile(file, std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
}

absl::Status Run(const std::filesystem::path& folder, const json& settings) {
  SB_ASSIGN_OR_RETURN(const SavedModel model, ModelFrom(settings));
  SB_RETURN_IF_ERROR(WriteTorchScript(folder / "model.pt", model));
  const size_t batch = settings.value("batch", size_t{3}), values = static_cast<size_t>(graph::ElementsOf(model.graph.input_shape()));
  std::vector<uint8_t> pixels(batch * values);
  RandomStream random(9, RandomPurpose::kGenerate);
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(random.NextBelow(256));
  std::vector<float> input(pixels.size());
  const image::PixelScaler scaler(model.preprocessing, model.mean_image);
  for (size_t i = 0; i < batch; ++i) {
    scaler.Apply(std::span(pixels).subspan(i * values, values), std::span(input).subspan(i * values, values));
  }
  SB_ASSIGN_OR_RETURN(const auto network, Network::Create(model.graph, ViewsOf(model.weights)));
  const graph::ResolvedLayer& last = graph::LogitsLayer(model.graph);
  SB_ASSIGN_OR_RETURN(const std::vector<float> output, network->Run(input, batch, last.layer.name));
  SB_RETURN_IF_ERROR(WriteBytes(folder / "pixels.bin", pixels));
  SB_RETURN_IF_ERROR(WriteBytes(folder / "output.bin", output));
  std::puts(json(last.output_shape).dump().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace seedbed::nn

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const absl::Status status = seedbed::nn::Run(argv[1], nlohmann::json::parse(argv[2]));
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
