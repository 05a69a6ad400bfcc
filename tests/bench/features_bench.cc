// What the computation of features costs beside the network itself, on all cores: passes over the same images, one after the other in each
// round, so that a busy machine slows all of them. "ratio" is extraction against the raw forward pass when pixels lie decoded (0.95 or
// more), and against forward plus decoding when they are PNG files (0.9 or more), the median over the rounds; "cpu_ratio" is the same of
// the time of all threads. Augmented is what a training with a frozen backbone does for each batch, against forward plus augmentation (0.92
// or more).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/augment/pipeline.h"
#include "core/base/file.h"
#include "core/base/spares.h"
#include "core/base/thread_pool.h"
#include "core/features/extract.h"
#include "core/graph/architectures.h"
#include "core/image/codec.h"
#include "core/image/resize.h"
#include "core/nn/backend.h"
#include "core/nn/weights.h"
#include "nlohmann/json.hpp"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/image/test_images.h"

namespace seedbed::features {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBatch = 32;
constexpr size_t kBatches = 8;
constexpr size_t kImages = kBatch * kBatches;

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  Must(value.status());
  return *std::move(value);
}

int Cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

// The photographs of SEEDBED_SAMPLE_DIR, or drawn pictures of their size.
std::vector<fs::path> PngFiles(const fs::path& folder) {
  std::vector<fs::path> paths;
  if (const char* const sample = std::getenv("SEEDBED_SAMPLE_DIR"); sample != nullptr) {
    for (const auto& entry : fs::recursive_directory_iterator(sample)) {
      if (entry.path().extension() == ".png") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
  }
  for (size_t i = 0; paths.size() < kImages; ++i) {
    paths.push_back(folder / (std::to_string(i) + ".png"));
    Must(PublishFile(paths.back(), image::EncodePng(image::MakePicture(150 + static_cast<int>(i % 7), 150))));
  }
  return paths;
}

// Pixels in memory, as a mapped cache has them.
class PixelRows : public StoredRows {
 public:
  PixelRows(size_t rows, size_t row_bytes) : row_bytes_(row_bytes), bytes_(rows * row_bytes) {}
  size_t size() const override { return bytes_.size() / row_bytes_; }
  std::span<const uint8_t> row(size_t i) const override { return std::span(bytes_).subspan(i * row_bytes_, row_bytes_); }
  std::span<uint8_t> writable_row(size_t i) { return std::span(bytes_).subspan(i * row_bytes_, row_bytes_); }

 private:
  const size_t row_bytes_;
  std::vector<uint8_t> bytes_;
};

// A network without its top, with random weights, which cost as much as any; and images for it.
class Setting {
 public:
  Setting(const char* arch, int side) : files_(PngFiles(folder_.path())) {
    const graph::Graph graph = Must(graph::BuildArchitecture(arch, {.input_shape = {side, side, 3}, .classes = 0}));
    layer_shape_ = graph.output_shape();
    preprocessing_ = Must(image::PresetNamed(Must(graph::FindArchitecture(arch))->preset));
    preprocessing_.width = preprocessing_.height = side;
    const nn::TensorMap weights = nn::InitializeWeights(graph, 1);
    backend_ = Must(nn::MakeBackend(graph, nn::ViewsOf(weights), {.threads = Cores()}));
    const size_t values = size_t{3} * static_cast<size_t>(side) * static_cast<size_t>(side);
    pixels_ = std::make_unique<PixelRows>(kImages, values);
    DecodeAll();
    input_.assign(kBatch * values, 0.5f);
    output_.resize(kBatch * backend_->output_values());
    images_.resize(kImages);
    std::iota(images_.begin(), images_.end(), size_t{0});
    Forward();
  }

  nn::Backend& backend() { return *backend_; }
  const PixelRows& pixels() const { return *pixels_; }

  void Forward() {
    for (size_t batch = 0; batch < kBatches; ++batch) Must(backend_->Forward(input_, kBatch, output_));
  }

  absl::StatusOr<std::span<const uint8_t>> Decode(size_t image, std::span<uint8_t> target) const {
    const std::string file = Must(ReadFile(files_[image]));
    image::Image picture;
    Must(image::DecodeImage(std::as_bytes(std::span(file)), &picture));
    image::ResizeInto(picture, preprocessing_.width, preprocessing_.height, preprocessing_.interpolation, target);
    return target;
  }

  void DecodeAll() {
    if (Cores() == 1) {
      for (size_t i = 0; i < kImages; ++i) Must(Decode(i, pixels_->writable_row(i)).status());
      return;
    }
    ThreadPool pool(static_cast<size_t>(Cores() - 1));
    pool.ParallelFor(kImages, [&](size_t i) { Must(Decode(i, pixels_->writable_row(i)).status()); });
  }

  void Extract(const ReadPixels& read, int reading_threads, Pool pool) {
    const ExtractorOptions options{.pool = pool, .batch = kBatch, .reading_threads = reading_threads};
    Extractor extractor = Must(Extractor::Create(backend_.get(), layer_shape_, preprocessing_, {}, options));
    Must(extractor.Run(
        images_, read, [](size_t, std::span<const float>) { return absl::OkStatus(); }, nullptr));
  }

  // Batch by batch, as a training asks for rows.
  void Fetch(const ReadPixels& read) {
    if (!fetching_) {
      const ExtractorOptions options{.pool = Pool::kAverage, .batch = kBatch, .reading_threads = Cores()};
      fetching_ = Must(Extractor::Create(backend_.get(), layer_shape_, preprocessing_, {}, options));
      rows_.resize(kBatch * fetching_->row_values());
    }
    for (size_t first = 0; first < kImages; first += kBatch) {
      Must(fetching_->Compute(std::span(images_).subspan(first, kBatch), read, rows_));
    }
  }

  int width() const { return preprocessing_.width; }
  int height() const { return preprocessing_.height; }

 private:
  const testing::TemporaryDirectory folder_;
  const std::vector<fs::path> files_;
  graph::Shape layer_shape_;
  image::Preprocessing preprocessing_;
  std::unique_ptr<nn::Backend> backend_;
  std::unique_ptr<PixelRows> pixels_;
  std::vector<float> input_, output_;
  std::vector<size_t> images_;
  std::optional<Extractor> fetching_;
  std::vector<float> rows_;  // of a batch
};

// Of the wall clock, and of all the process's threads, which a busy machine disturbs less.
struct Cost {
  double seconds = 0;
  double cpu_seconds = 0;
};
Cost operator+(const Cost& a, const Cost& b) { return {a.seconds + b.seconds, a.cpu_seconds + b.cpu_seconds}; }

double CpuSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Cost CostOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  const double cpu_begin = CpuSeconds();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), CpuSeconds() - cpu_begin};
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// One entry for each round.
struct Rounds {
  std::vector<Cost> forward, bound, extraction;

  void Report(benchmark::State& state) const {
    std::vector<double> forward_rates, rates, ratios, cpu_ratios;
    for (size_t i = 0; i < bound.size(); ++i) {
      forward_rates.push_back(kImages / forward[i].seconds);
      rates.push_back(kImages / extraction[i].seconds);
      ratios.push_back(bound[i].seconds / extraction[i].seconds);
      cpu_ratios.push_back(bound[i].cpu_seconds / extraction[i].cpu_seconds);
    }
    state.counters["forward_per_second"] = Median(forward_rates);
    state.counters["images_per_second"] = Median(rates);
    state.counters["ratio"] = Median(ratios);
    state.counters["cpu_ratio"] = Median(cpu_ratios);
  }
};

void FromDecoded(benchmark::State& state, const char* arch, int side, Pool pool) {
  Setting setting(arch, side);
  Rounds rounds;
  for (auto _ : state) {
    rounds.forward.push_back(CostOf([&] { setting.Forward(); }));
    rounds.bound.push_back(rounds.forward.back());
    rounds.extraction.push_back(CostOf([&] { setting.Extract(PixelsOf(setting.pixels()), 1, pool); }));
    state.SetIterationTime(rounds.extraction.back().seconds);
  }
  state.SetLabel(std::string(setting.backend().name()));
  rounds.Report(state);
}
BENCHMARK_CAPTURE(FromDecoded, efficientnet_lite0_224_avg, "efficientnet_lite0", 224, Pool::kAverage)->Iterations(7)->UseManualTime();
BENCHMARK_CAPTURE(FromDecoded, vgg16_150, "vgg16", 150, Pool::kNone)->Iterations(3)->UseManualTime();

void FromPngFiles(benchmark::State& state, const char* arch, int side, Pool pool) {
  Setting setting(arch, side);
  const ReadPixels decode = [&](size_t image, std::span<uint8_t> target) { return setting.Decode(image, target); };
  Rounds rounds;
  for (auto _ : state) {
    rounds.forward.push_back(CostOf([&] { setting.Forward(); }));
    rounds.bound.push_back(rounds.forward.back() + CostOf([&] { setting.DecodeAll(); }));
    rounds.extraction.push_back(CostOf([&] { setting.Extract(decode, Cores(), pool); }));
    state.SetIterationTime(rounds.extraction.back().seconds);
  }
  state.SetLabel(std::string(setting.backend().name()));
  rounds.Report(state);
}
BENCHMARK_CAPTURE(FromPngFiles, efficientnet_lite0_224_avg, "efficientnet_lite0", 224, Pool::kAverage)->Iterations(7)->UseManualTime();
BENCHMARK_CAPTURE(FromPngFiles, vgg16_150, "vgg16", 150, Pool::kNone)->Iterations(3)->UseManualTime();

// `steps`: a preset, or a list in JSON.
void Augmented(benchmark::State& state, const char* arch, int side, const char* steps) {
  Setting setting(arch, side);
  const augment::Pipeline pipeline = Must(augment::Pipeline::ParseRandom(nlohmann::json::parse(steps), "augment"));
  Must(pipeline.CheckSize(setting.width(), setting.height()));
  Spares<augment::Scratch> scratches;
  uint32_t epoch = 0;
  const ReadPixels augment = [&](size_t image, std::span<uint8_t> target) -> absl::StatusOr<std::span<const uint8_t>> {
    std::ranges::copy(setting.pixels().row(image), target.begin());
    std::unique_ptr<augment::Scratch> scratch = scratches.Borrow();
    pipeline.Apply({.seed = 1, .epoch = epoch, .image = image}, {setting.width(), setting.height(), target}, scratch.get());
    scratches.Return(std::move(scratch));
    return target;
  };
  PixelRows alone(kImages, setting.pixels().row(0).size());
  ThreadPool pool(static_cast<size_t>(std::max(1, Cores() - 1)));
  const auto augment_all = [&] {
    const auto one = [&](size_t i) { Must(augment(i, alone.writable_row(i)).status()); };
    if (Cores() > 1) return pool.ParallelFor(kImages, one);
    for (size_t i = 0; i < kImages; ++i) one(i);
  };
  setting.Fetch(augment);
  Rounds rounds;
  for (auto _ : state) {
    ++epoch;
    rounds.forward.push_back(CostOf([&] { setting.Forward(); }));
    rounds.bound.push_back(rounds.forward.back() + CostOf(augment_all));
    rounds.extraction.push_back(CostOf([&] { setting.Fetch(augment); }));
    state.SetIterationTime(rounds.extraction.back().seconds);
  }
  state.SetLabel(std::string(setting.backend().name()));
  rounds.Report(state);
}
constexpr char kFlipsBlursColours[] =
    R"([{"fliplr": 0.5}, {"flipud": 0.2}, {"crop": [0, 0.1]}, {"gaussian_blur": [0, 0.5]}, {"linear_contrast": [0.75, 1.5]},
        {"multiply": {"mul": [0.8, 1.2], "per_channel": 0.2}}])";
BENCHMARK_CAPTURE(Augmented, efficientnet_lite0_150, "efficientnet_lite0", 150, kFlipsBlursColours)->Iterations(7)->UseManualTime();

}  // namespace
}  // namespace seedbed::features

BENCHMARK_MAIN();
