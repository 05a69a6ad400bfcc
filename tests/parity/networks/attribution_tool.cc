// attribution_tool SETTINGS WEIGHTS INPUT OUTPUT (tool_job.h): what speaks for a class in one image. SETTINGS has also method, class (its
// index), and where the method has them layer, samples, noise, seed, steps, window, stride, batch. OUTPUT gets "map" (height, width), and
// for gradcam "upsampled", in the image's size.
#include <string>

#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/backend.h"
#include "core/nn/gradient_network.h"
#include "core/nn/safetensors.h"
#include "core/nn/softmax.h"
#include "core/visualize/attribution/attribution.h"
#include "core/visualize/attribution/map_resize.h"
#include "core/visualize/attribution/occlusion.h"
#include "tests/parity/networks/tool_job.h"

namespace seedbed::nn {
namespace {

using nlohmann::json;
using Map = absl::StatusOr<std::vector<float>>;

Map Occluded(const ToolJob& job, const json& settings, size_t class_index) {
  SB_ASSIGN_OR_RETURN(const auto backend,
                      MakeBackend(job.graph, ViewsOf(job.weights),
                                  {.backend = "auto", .layer = graph::LogitsLayer(job.graph).layer.name, .threads = job.threads}));
  const size_t classes = backend->output_values();
  const auto score = [&](std::span<const float> inputs, std::span<float> scores) -> absl::Status {
    std::vector<float> logits(scores.size() * classes);
    SB_RETURN_IF_ERROR(backend->Forward(inputs, scores.size(), logits));
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i] = static_cast<float>(Softmax(std::span(logits).subspan(i * classes, classes))[class_index]);
    }
    return absl::OkStatus();
  };
  const int side = settings["side"];
  return visualize::Occlusion(
      job.input, {.width = side, .height = side, .window = settings["window"], .stride = settings["stride"], .batch = 16}, score, nullptr);
}

Map Explained(const ToolJob& job, const json& settings, const GradientNetwork& network, size_t class_index) {
  const std::string method = settings["method"];
  const size_t batch = settings.value("batch", size_t{8});
  if (method == "saliency") return visualize::Saliency(network, job.input, class_index);
  if (method == "gradcam") return visualize::GradCam(network, job.input, class_index);
  if (method == "smoothgrad") {
    return visualize::SmoothGrad(
        network, job.input, class_index,
        {.samples = settings["samples"], .noise = settings["noise"], .seed = settings.value("seed", 0u), .batch = batch}, nullptr);
  }
  const std::vector<float> baseline(job.input.size(), settings.value("baseline", 0.0f));
  return visualize::IntegratedGradients(network, job.input, baseline, class_index, {.steps = settings["steps"], .batch = batch}, nullptr);
}

absl::StatusOr<json> Run(const json& settings, const ToolPaths& paths) {
  SB_ASSIGN_OR_RETURN(const ToolJob job, LoadJob(settings, paths));
  const size_t class_index = settings["class"];
  const int side = settings["side"];
  std::vector<float> map, upsampled;
  graph::Shape shape = {side, side};
  TensorViews views;
  if (settings["method"] == "occlusion") {
    SB_ASSIGN_OR_RETURN(map, Occluded(job, settings, class_index));
  } else {
    const std::string layer = settings.value("layer", "");
    SB_ASSIGN_OR_RETURN(
        const auto network,
        GradientNetwork::Create(
            job.graph, ViewsOf(job.weights),
            {.target = graph::LogitsLayer(job.graph).layer.name, .with_respect_to = layer, .threads = job.threads, .backend = "torch"}));
    SB_ASSIGN_OR_RETURN(map, Explained(job, settings, *network, class_index));
    shape = {network->shape()[0], network->shape()[1]};
  }
  if (settings["method"] == "gradcam") {
    upsampled = visualize::ResizeMap(map, {static_cast<int>(shape[1]), static_cast<int>(shape[0])}, {side, side});
    views.emplace("upsampled", TensorView{DType::kF32, {side, side}, std::as_bytes(std::span(upsampled))});
  }
  views.emplace("map", TensorView{DType::kF32, shape, std::as_bytes(std::span(map))});
  SB_RETURN_IF_ERROR(WriteSafetensors(paths.output, views, {}));
  return json{{"naming", job.naming}};
}

}  // namespace
}  // namespace seedbed::nn

int main(int argc, char** argv) { return seedbed::nn::ToolMain(argc, argv, seedbed::nn::Run); }
