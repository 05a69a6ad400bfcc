// ascent_tool SETTINGS WEIGHTS OUTPUT: ascents, for a Python peer to compare with its own. SETTINGS is a JSON object with arch, side,
// classes (0: without top), preset (of the preprocessing), layer (empty: classes), softmax, channels, mode ("natural", "reference"), steps,
// step_size, seed, and any of: batch, threads, backend (nn::GradientOptions; of "values"). WEIGHTS is a safetensors file in any naming that
// we know. OUTPUT gets "pictures" (uint8, images, height, width, RGB), "scores", "probabilities", "start_scores", and for the mode
// reference "start" and "values": the network's input at first and at last.
#include <cstdio>
#include <string>

#include "core/ascent/maximizer.h"
#include "core/ascent/reference_ascent.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/nn/naming.h"
#include "core/nn/safetensors.h"
#include "core/nn/weights.h"
#include "nlohmann/json.hpp"

namespace seedbed::ascent {
namespace {

using nlohmann::json;

struct Job {
  graph::Objective objective;
  nn::TensorMap weights;
  image::Preprocessing preprocessing;
  MaximizerOptions options;
  std::vector<size_t> channels;
  std::string backend;

  nn::TensorViews part() const { return nn::WeightsOf(objective.graph, nn::ViewsOf(weights)); }
};

absl::StatusOr<Job> ReadJob(const json& settings, const std::string& weights_path) {
  const int64_t side = settings.value("side", 0);
  SB_ASSIGN_OR_RETURN(
      const graph::Graph graph,
      graph::BuildArchitecture(settings.value("arch", ""), {.input_shape = {side, side, 3}, .classes = settings.value("classes", 0)}));
  const std::string layer = settings.value("layer", "");
  SB_ASSIGN_OR_RETURN(graph::Objective objective,
                      layer.empty() ? graph::ClassObjective(graph, settings.value("softmax", false)) : graph::ObjectiveOf(graph, layer));
  SB_ASSIGN_OR_RETURN(const nn::SafetensorsFile weights, nn::SafetensorsFile::Open(weights_path));
  SB_ASSIGN_OR_RETURN(nn::RenamedWeights renamed, nn::RenameWeights(graph, weights.tensors(), {}));
  SB_ASSIGN_OR_RETURN(image::Preprocessing preprocessing, image::PresetNamed(settings.value("preset", "unit")));
  preprocessing.width = preprocessing.height = static_cast<int>(side);
  return Job{.objective = std::move(objective),
             .weights = std::move(renamed.weights),
             .preprocessing = preprocessing,
             .options = {.mode = settings.value("mode", "") == "reference" ? Mode::kReference : Mode::kNatural,
                         .steps = settings.value("steps", 0),
                         .step_size = settings.value("step_size", 0.0),
                         .seed = settings.value("seed", uint64_t{0}),
                         .batch = settings.value("batch", size_t{8}),
                         .threads = settings.value("threads", 2)},
             .channels = settings["channels"].get<std::vector<size_t>>(),
             .backend = settings.value("backend", "auto")};
}

nn::Tensor Values(const Job& job, std::span<const float> values) {
  std::vector<int64_t> shape = {static_cast<int64_t>(job.channels.size())};
  const graph::Shape& input = job.objective.graph.input_shape();
  shape.insert(shape.end(), input.begin(), input.end());
  return nn::Tensor::FromFloats(shape, values);
}

absl::Status AddValues(const Job& job, nn::TensorMap* output) {
  SB_ASSIGN_OR_RETURN(const auto network,
                      ScoredNetwork::Create(job.objective, job.part(), {.threads = job.options.threads, .backend = job.backend}));
  ReferenceAscent ascent(network.get(), job.preprocessing.channels, {.step_size = job.options.step_size, .seed = job.options.seed});
  ascent.Start(job.channels);
  output->emplace("start", Values(job, ascent.values()));
  for (int step = 0; step < job.options.steps; ++step) SB_RETURN_IF_ERROR(ascent.Step());
  output->emplace("values", Values(job, ascent.values()));
  return absl::OkStatus();
}

absl::Status AddPictures(const Job& job, nn::TensorMap* output) {
  SB_ASSIGN_OR_RETURN(Maximizer maximizer, Maximizer::Create(job.objective, job.part(), job.preprocessing, {}, job.options));
  SB_ASSIGN_OR_RETURN(const std::vector<MaximizedPicture> pictures,
                      maximizer.Run(job.channels, [](const Maximizer::Moment&) { return true; }));
  const auto count = static_cast<int64_t>(pictures.size());
  nn::Tensor pixels{.dtype = nn::DType::kU8, .shape = {count, job.preprocessing.height, job.preprocessing.width, 3}, .data = {}};
  std::vector<float> scores, probabilities, start_scores;
  for (const MaximizedPicture& picture : pictures) {
    const auto bytes = std::as_bytes(std::span(picture.picture.rgb));
    pixels.data.insert(pixels.data.end(), bytes.begin(), bytes.end());
    scores.push_back(static_cast<float>(picture.reached.score));
    probabilities.push_back(static_cast<float>(picture.reached.probability));
    start_scores.push_back(static_cast<float>(picture.start.score));
  }
  output->emplace("pictures", std::move(pixels));
  output->emplace("scores", nn::Tensor::FromFloats({count}, scores));
  output->emplace("probabilities", nn::Tensor::FromFloats({count}, probabilities));
  output->emplace("start_scores", nn::Tensor::FromFloats({count}, start_scores));
  return absl::OkStatus();
}

absl::Status Run(const json& settings, const std::string& weights_path, const std::string& output_path) {
  SB_ASSIGN_OR_RETURN(const Job job, ReadJob(settings, weights_path));
  nn::TensorMap output;
  SB_RETURN_IF_ERROR(AddPictures(job, &output));
  if (job.options.mode == Mode::kReference) SB_RETURN_IF_ERROR(AddValues(job, &output));
  return nn::WriteSafetensors(output_path, nn::ViewsOf(output), {});
}

}  // namespace
}  // namespace seedbed::ascent

int main(int argc, char** argv) {
  const nlohmann::json settings = nlohmann::json::parse(argc == 4 ? argv[1] : "", nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object()) {
    std::fputs("usage: ascent_tool SETTINGS-JSON WEIGHTS OUTPUT\n", stderr);
    return 2;
  }
  if (const absl::Status status = seedbed::ascent::Run(settings, argv[2], argv[3]); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
}
