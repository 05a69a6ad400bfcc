// The linear classifier's epoch on the reference workload's shape: 4,606 images of 150x150x3 bytes, 12 classes, batches of 32. Beside it
// the bound of any such loop: reading the same bytes twice an epoch, once for the logits and once for the gradient, and doing nothing else.
//
// And a head on stored features, 1,280 of each image: whole trainings of 20 epochs as a job does them, with the trainer's shuffling,
// records and checkpoints. peers/head_peers.py does the same in PyTorch.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"
#include "core/graph/graph.h"
#include "core/nn/weights.h"
#include "core/train/linear_classifier.h"
#include "core/train/linear_learner.h"
#include "core/train/thread_team.h"
#include "core/train/trainer.h"
#include "tests/testing/silent_train_observer.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::train {
namespace {

constexpr size_t kExamples = 4'606;
constexpr size_t kFeatures = 150 * 150 * 3;
constexpr size_t kClasses = 12;
constexpr size_t kBatch = 32;

// Random bytes, made once.
struct Images {
  Images() : pixels(kExamples * kFeatures) {
    uint64_t state = 1;
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
    const std::vector<uint32_t> order = RandomPermutation(kExamples, RandomStream(0, RandomPurpose::kShuffle));
    for (const uint32_t example : order) {
      rows.push_back(&pixels[example * kFeatures]);
      labels.push_back(static_cast<int32_t>(example % kClasses));
    }
  }
  std::vector<uint8_t> pixels;
  std::vector<const uint8_t*> rows;  // shuffled
  std::vector<int32_t> labels;
};

const Images& SharedImages() {
  static const Images images;
  return images;
}

void LogisticEpoch(benchmark::State& state, std::string_view instruction_set) {
  const Images& images = SharedImages();
  LinearClassifierOptions options;
  options.features = kFeatures;
  options.classes = kClasses;
  options.optimizer.lr = 1e-4;
  options.scale = 1.0f / 255;
  options.offset.assign(kFeatures, 0.5f);
  options.threads = static_cast<int>(state.range(0));
  options.instruction_set = instruction_set;
  auto classifier = LinearClassifier::Create(options);
  if (!classifier.ok()) return state.SkipWithError(std::string(classifier.status().message()).c_str());
  for (auto _ : state) {
    for (size_t first = 0; first < kExamples; first += kBatch) {
      const size_t count = std::min(kBatch, kExamples - first);
      benchmark::DoNotOptimize(
          (*classifier)->TrainBatch(std::span(images.rows).subspan(first, count), std::span(images.labels).subspan(first, count)));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kExamples));
}
BENCHMARK_CAPTURE(LogisticEpoch, avx512, "avx512")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LogisticEpoch, avx2, "avx2")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LogisticEpoch, baseline, "baseline")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

uint64_t SumOf(const uint8_t* row) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 8 <= kFeatures; i += 8) {
    uint64_t word;
    __builtin_memcpy(&word, row + i, 8);
    sum += word;
  }
  return sum;
}

void StreamingBound(benchmark::State& state) {
  const Images& images = SharedImages();
  ThreadTeam team(static_cast<int>(state.range(0)));
  std::vector<uint64_t> sums(kExamples);
  for (auto _ : state) {
    for (int pass = 0; pass < 2; ++pass) team.ParallelFor(kExamples, [&](size_t i, int) { sums[i] = SumOf(images.rows[i]); });
    benchmark::DoNotOptimize(sums.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kExamples));
}
BENCHMARK(StreamingBound)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

constexpr size_t kHeadFeatures = 1'280;
constexpr int kHeadEpochs = 20;

// Features of as many images, around their class's own mean.
struct Features {
  Features() : values(kExamples * kHeadFeatures) {
    RandomStream random(1, RandomPurpose::kGenerate);
    auto& rows = examples.rows.emplace<std::vector<const float*>>();
    for (size_t i = 0; i < kExamples; ++i) {
      float* row = &values[i * kHeadFeatures];
      for (size_t f = 0; f < kHeadFeatures; ++f) row[f] = random.NextUniform() + (f % kClasses == i % kClasses ? 0.2f : 0.0f);
      rows.push_back(row);
      examples.labels.push_back(static_cast<int32_t>(i % kClasses));
    }
  }
  std::vector<float> values;
  Examples examples;
};

const Features& SharedFeatures() {
  static const Features features;
  return features;
}

absl::StatusOr<TrainOutcome> TrainHead(const OptimizerOptions& optimizer, int threads, const std::filesystem::path& checkpoints) {
  const absl::StatusOr<graph::Graph> graph =
      graph::Graph::Create({{.name = "features", .type = "input", .config = {{"shape", {kHeadFeatures}}}, .inputs = {}},
                            {.name = "head_dense", .type = "dense", .config = {{"units", kClasses}}, .inputs = {"features"}},
                            {.name = "head_softmax", .type = "softmax", .inputs = {"head_dense"}}});
  LinearLearnerOptions options;
  options.optimizer = optimizer;
  options.threads = threads;
  options.instruction_set = InstructionSet();
  SB_ASSIGN_OR_RETURN(const auto learner,
                      MakeLinearLearner(*graph, nn::InitializeWeights(*graph, 0), SharedFeatures().examples, {}, options));
  TrainerOptions training;
  training.epochs = kHeadEpochs;
  training.batch_size = kBatch;
  training.lr = optimizer.lr;
  training.chance_loss = 100;
  training.checkpoints = {checkpoints, 1, "head"};
  training.clock = &SystemClock();
  testing::SilentTrainObserver observer;
  return Train(training, learner.get(), &observer);
}

void HeadTraining(benchmark::State& state, OptimizerKind kind) {
  SharedFeatures();
  for (auto _ : state) {
    const testing::TemporaryDirectory folder;
    const auto outcome = TrainHead({.kind = kind, .lr = 1e-3}, static_cast<int>(state.range(0)), folder.path());
    if (!outcome.ok()) return state.SkipWithError(std::string(outcome.status().message()).c_str());
  }
  state.SetItemsProcessed(state.iterations() * kHeadEpochs * static_cast<int64_t>(kExamples));
}
BENCHMARK_CAPTURE(HeadTraining, sgd, OptimizerKind::kSgd)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(HeadTraining, adam, OptimizerKind::kAdam)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seedbed::train

BENCHMARK_MAIN();
