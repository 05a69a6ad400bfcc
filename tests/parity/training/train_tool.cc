// train_tool IMAGES OUTPUT SETTINGS: indexes and splits a folder (12 images of each class for validation) and trains the logistic baseline
// on it, without a server, so that a Python peer can do the same beside it. SETTINGS is a JSON object with any of: epochs, batch_size,
// optimizer, lr, momentum, nesterov, epsilon, size, interpolation, center, shuffle, seed, threads, instruction_set.
//
// Leaves initial.safetensors (the weights before the first step) and the finished model in OUTPUT, and prints one JSON object: classes,
// training and validation (a list of {path, label} each, in the order without shuffling), and epochs (loss, accuracy, val_loss,
// val_accuracy).
#include <cstdio>
#include <filesystem>
#include <string>

#include "core/base/cpu.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "core/nn/safetensors.h"
#include "core/nn/weights.h"
#include "core/tasks/data/index.h"
#include "core/tasks/data/split.h"
#include "core/tasks/model/labelled_images.h"
#include "core/tasks/model/train.h"
#include "nlohmann/json.hpp"
#include "tests/testing/fake_task_context.h"

namespace seedbed::tasks {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::FakeTaskContext;

absl::StatusOr<TrainSpec> SpecFrom(const json& settings) {
  TrainSpec spec;
  spec.epochs = settings.value("epochs", 3);
  spec.batch_size = settings.value("batch_size", 32);
  spec.optimizer.name = settings.value("optimizer", "sgd");
  spec.optimizer.lr = settings.value("lr", 0.01);
  spec.optimizer.momentum = settings.value("momentum", 0.0);
  spec.optimizer.nesterov = settings.value("nesterov", false);
  spec.optimizer.epsilon = settings.value("epsilon", 1e-7);
  spec.preprocessing.width = spec.preprocessing.height = settings.value("size", 150);
  const std::string interpolation = settings.value("interpolation", "bilinear");
  spec.preprocessing.interpolation = image::FilterFromName(interpolation);
  if (!spec.preprocessing.interpolation) return absl::InvalidArgumentError(absl::StrCat("unknown interpolation ", interpolation));
  spec.preprocessing.center = settings.value("center", "mean_image") == "none" ? image::Center::kNone : image::Center::kMeanImage;
  spec.arch = "logistic";
  spec.shuffle = settings.value("shuffle", true);
  spec.seed = settings.value("seed", uint64_t{0});
  spec.threads = settings.value("threads", 2);
  return spec;
}

json RowsJson(const LabelledDataset& dataset, std::string_view subset) {
  json rows = json::array();
  for (const uint32_t row : dataset.RowsOf(subset)) {
    rows.push_back({{"path", dataset.manifest.rows[row].path}, {"label", dataset.manifest.rows[row].label}});
  }
  return rows;
}

absl::Status WriteInitialWeights(const TrainSpec& spec, size_t classes, const fs::path& file) {
  const graph::Shape shape = {spec.preprocessing.height, spec.preprocessing.width, 3};
  SB_ASSIGN_OR_RETURN(const graph::Graph graph,
                      graph::BuildArchitecture(spec.arch, {.input_shape = shape, .classes = static_cast<int64_t>(classes)}));
  const nn::TensorMap weights = nn::InitializeWeights(graph, spec.seed);
  return nn::WriteSafetensors(file, nn::ViewsOf(weights), {});
}

absl::StatusOr<json> Run(const fs::path& images, const fs::path& output, const json& settings) {
  SB_ASSIGN_OR_RETURN(TrainSpec spec, SpecFrom(settings));
  FakeTaskContext indexing, splitting, training;
  IndexSpec index;
  index.dataset = "images";
  index.root = images;
  SB_RETURN_IF_ERROR(RunIndex(index, indexing).status());
  SplitSpec split;
  split.dataset = "images";
  split.dataset_dir = indexing.paths().output_dir;
  split.name = "default";
  split.rule = PerClass{12, 0};
  SB_RETURN_IF_ERROR(RunSplit(split, splitting).status());

  spec.dataset_dir = split.dataset_dir;
  spec.split = "default";
  spec.split_file = splitting.paths().output_dir / "split.tsv";
  SB_ASSIGN_OR_RETURN(const LabelledDataset dataset, OpenDataset(spec.dataset_dir, spec.split_file));
  SB_RETURN_IF_ERROR(CreateDirectories(output));
  SB_RETURN_IF_ERROR(WriteInitialWeights(spec, dataset.manifest.classes.size(), output / "initial.safetensors"));

  training.mutable_paths()->output_dir = output;
  training.mutable_profile()->instruction_set = settings.value("instruction_set", std::string(InstructionSet()));
  SB_RETURN_IF_ERROR(RunTrain(spec, training).status());

  json epochs = json::array();
  for (const EpochMetrics& epoch : training.EventsOf<EpochMetrics>()) {
    epochs.push_back(
        {{"loss", epoch.loss}, {"accuracy", epoch.accuracy}, {"val_loss", *epoch.val_loss}, {"val_accuracy", *epoch.val_accuracy}});
  }
  return json{{"classes", dataset.manifest.classes},
              {"training", RowsJson(dataset, "train")},
              {"validation", RowsJson(dataset, "validation")},
              {"epochs", epochs}};
}

}  // namespace
}  // namespace seedbed::tasks

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: train_tool IMAGES OUTPUT SETTINGS-JSON\n", stderr);
    return 2;
  }
  const nlohmann::json settings = nlohmann::json::parse(argv[3], nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object()) {
    std::fputs("SETTINGS is not a JSON object\n", stderr);
    return 2;
  }
  const auto result = seedbed::tasks::Run(argv[1], argv[2], settings);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    return 1;
  }
  std::puts(result->dump().c_str());
  return 0;
}
