// The linear classifier's epoch on the reference workload's shape: 4,606 images of 150x150x3 bytes, 12 classes, batches of 32. Beside it
// the bound of any such loop: reading the same bytes twice an epoch, once for the logits and once for the gradient, and doing nothing else.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/philox.h"
#include "core/train/linear_classifier.h"
#include "core/train/thread_team.h"

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

}  // namespace
}  // namespace seedbed::train

BENCHMARK_MAIN();
