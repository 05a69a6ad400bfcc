// learner_tool EXAMPLES OUTPUT SETTINGS: trains a network on arrays, without datasets and jobs, so that a Python peer can do the same
// beside it. EXAMPLES is a safetensors file with `rows` (U8 pictures, whose values are multiplied by 1/255, or F32) and `labels` (I32).
// SETTINGS is a JSON object with head (the layers behind the input, as graph/edit.h takes them), classes, and any of: trainable (patterns),
// epochs, batch_size, optimizer, lr, momentum, nesterov, epsilon, seed, threads, augment (of mixes alone).
//
// Batches are in order. Leaves initial.safetensors and model.safetensors in OUTPUT, and prints a JSON list of the epochs' mean losses.
// Where batches are mixed, mixed.safetensors has what became of the examples, epoch after epoch: rows, the other labels, and own labels'
// weights.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <string>

#include "core/augment/mixing.h"
#include "core/base/clock.h"
#include "core/base/cpu.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/network.h"
#include "core/nn/safetensors.h"
#include "core/nn/weights.h"
#include "core/train/torch_learner.h"
#include "core/train/trainer.h"
#include "nlohmann/json.hpp"
#include "tests/testing/silent_train_observer.h"

namespace seedbed::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

template <typename Element>
std::vector<const Element*> RowsIn(const nn::TensorView& tensor) {
  const size_t bytes = tensor.data.size() / static_cast<size_t>(tensor.shape[0]);
  std::vector<const Element*> rows;
  for (int64_t i = 0; i < tensor.shape[0]; ++i) {
    rows.push_back(reinterpret_cast<const Element*>(tensor.data.data() + static_cast<size_t>(i) * bytes));
  }
  return rows;
}

absl::StatusOr<Examples> ExamplesIn(const nn::TensorViews& tensors) {
  const auto rows = tensors.find("rows"), labels = tensors.find("labels");
  if (rows == tensors.end() || labels == tensors.end()) return absl::InvalidArgumentError("EXAMPLES has no rows and labels");
  Examples examples;
  if (rows->second.dtype == nn::DType::kU8) {
    examples.rows = RowsIn<uint8_t>(rows->second);
  } else {
    examples.rows = RowsIn<float>(rows->second);
  }
  examples.labels.resize(labels->second.data.size() / sizeof(int32_t));
  std::memcpy(examples.labels.data(), labels->second.data.data(), labels->second.data.size());
  return examples;
}

absl::StatusOr<graph::Graph> GraphFor(const graph::Shape& input, const json& settings) {
  SB_ASSIGN_OR_RETURN(const graph::Graph start,
                      graph::Graph::Create({{.name = "input", .type = "input", .config = {{"shape", input}}, .inputs = {}}}));
  SB_ASSIGN_OR_RETURN(const graph::Graph graph, graph::AppendHead(start, settings.at("head"), settings.at("classes").get<int64_t>()));
  return graph::SetTrainable(graph, settings.value("trainable", std::vector<std::string>{"all"}));
}

TorchLearnerOptions LearnerOptionsFrom(const json& settings, const graph::Shape& input) {
  TorchLearnerOptions options;
  options.optimizer.kind = settings.value("optimizer", "sgd") == "adam" ? OptimizerKind::kAdam : OptimizerKind::kSgd;
  options.optimizer.lr = settings.value("lr", 0.01);
  options.optimizer.momentum = settings.value("momentum", 0.0);
  options.optimizer.nesterov = settings.value("nesterov", false);
  options.optimizer.epsilon = settings.value("epsilon", 1e-7);
  options.seed = settings.value("seed", uint64_t{0});
  if (input.size() == 3) {
    options.pixels.preprocessing.height = static_cast<int>(input[0]);
    options.pixels.preprocessing.width = static_cast<int>(input[1]);
  }
  options.instruction_set = InstructionSet();
  return options;
}

// What a learner with these options makes of the examples: the mixer draws by epoch and batch alone.
absl::Status WriteMixed(const Examples& examples, const graph::Shape& input, const TrainerOptions& training,
                        const TorchLearnerOptions& options, const fs::path& file) {
  augment::BatchMixer mixer(options.mixing, options.seed, RowShapeOf(input));
  const size_t values = static_cast<size_t>(graph::ElementsOf(input));
  const InputReader reader(values, options.pixels);
  std::vector<uint32_t> order(examples.labels.size());
  std::iota(order.begin(), order.end(), 0u);
  const size_t most = static_cast<size_t>(training.batch_size);
  std::vector<float> rows, others, weights;
  for (uint32_t epoch = 0; epoch < static_cast<uint32_t>(training.epochs); ++epoch) {
    for (size_t first = 0; first < order.size(); first += most) {
      const size_t count = std::min(most, order.size() - first);
      const Batch batch{.examples = std::span(order).subspan(first, count), .epoch = epoch, .index = static_cast<uint32_t>(first / most)};
      rows.resize(rows.size() + count * values);
      const std::span<float> inputs = std::span(rows).last(count * values);
      SB_RETURN_IF_ERROR(reader.Read(examples, batch, inputs));
      const augment::MixedLabels mixed = mixer.Mix(epoch, batch.index, std::span(examples.labels).subspan(first, count), inputs);
      others.insert(others.end(), mixed.others.begin(), mixed.others.end());
      weights.insert(weights.end(), count, static_cast<float>(mixed.weight));
    }
  }
  const int64_t count = static_cast<int64_t>(others.size());
  const nn::TensorMap tensors = {{"rows", nn::Tensor::FromFloats({count, static_cast<int64_t>(values)}, rows)},
                                 {"others", nn::Tensor::FromFloats({count}, others)},
                                 {"weights", nn::Tensor::FromFloats({count}, weights)}};
  return nn::WriteSafetensors(file, nn::ViewsOf(tensors), {});
}

absl::StatusOr<json> Run(const fs::path& file, const fs::path& output, const json& settings) {
  SB_ASSIGN_OR_RETURN(const nn::SafetensorsFile content, nn::SafetensorsFile::Open(file));
  SB_ASSIGN_OR_RETURN(const Examples examples, ExamplesIn(content.tensors()));
  const std::vector<int64_t>& shape = content.tensors().at("rows").shape;
  const graph::Shape input(shape.begin() + 1, shape.end());
  SB_ASSIGN_OR_RETURN(const graph::Graph graph, GraphFor(input, settings));
  const nn::TensorMap initial = nn::InitializeWeights(graph, settings.value("seed", uint64_t{0}));
  SB_RETURN_IF_ERROR(CreateDirectories(output));
  SB_RETURN_IF_ERROR(nn::WriteSafetensors(output / "initial.safetensors", nn::ViewsOf(initial), {}));

  nn::SetComputeThreads(settings.value("threads", 1));
  TorchLearnerOptions learner_options = LearnerOptionsFrom(settings, input);
  SB_ASSIGN_OR_RETURN(const augment::AugmentList augment, augment::ParseAugment(settings.value("augment", json::array()), "augment"));
  learner_options.mixing = augment.mixing;
  SB_ASSIGN_OR_RETURN(const auto learner, MakeTorchLearner(graph, initial, examples, {}, learner_options));
  TrainerOptions options;
  options.epochs = settings.value("epochs", 5);
  options.batch_size = settings.value("batch_size", 32);
  options.shuffle = false;
  options.chance_loss = 100;
  options.checkpoints = {output / "checkpoints", 1, "learner_tool"};
  options.clock = &SystemClock();
  SB_RETURN_IF_ERROR(CreateDirectories(options.checkpoints.folder));
  testing::SilentTrainObserver observer;
  SB_ASSIGN_OR_RETURN(const TrainOutcome outcome, Train(options, learner.get(), &observer));
  SB_RETURN_IF_ERROR(nn::WriteSafetensors(output / "model.safetensors", nn::ViewsOf(*outcome.weights), {}));
  if (!learner_options.mixing.empty()) {
    SB_RETURN_IF_ERROR(WriteMixed(examples, input, options, learner_options, output / "mixed.safetensors"));
  }
  json losses = json::array();
  for (const EpochRecord& epoch : outcome.history) losses.push_back(epoch.loss);
  return losses;
}

}  // namespace
}  // namespace seedbed::train

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: learner_tool EXAMPLES OUTPUT SETTINGS-JSON\n", stderr);
    return 2;
  }
  const nlohmann::json settings = nlohmann::json::parse(argv[3], nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object() || !settings.contains("head") || !settings.contains("classes")) {
    std::fputs("SETTINGS is not a JSON object with head and classes\n", stderr);
    return 2;
  }
  const auto result = seedbed::train::Run(argv[1], argv[2], settings);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    return 1;
  }
  std::puts(result->dump().c_str());
  return 0;
}
