#include "core/train/torch_learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/base/philox.h"
#include "core/graph/edit.h"
#include "core/nn/network.h"
#include "core/nn/weights.h"
#include "core/train/linear_learner.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/train/trainer_testing.h"

namespace seedbed::train {
namespace {

using nlohmann::json;
using ::seedbed::testing::IsOk;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int64_t kClasses = 3;
constexpr int kHeight = 6, kWidth = 5;
constexpr size_t kExamples = 13, kValues = kHeight * kWidth * 3;

graph::Graph WithHead(const graph::Shape& input, const json& head, int64_t classes = kClasses) {
  const auto start = graph::Graph::Create({{.name = "input", .type = "input", .config = {{"shape", input}}, .inputs = {}}});
  const auto graph = graph::AppendHead(*start, head, classes);
  EXPECT_THAT(graph, IsOk());
  return *graph;
}

graph::Graph Frozen(const graph::Graph& graph, const std::vector<std::string>& trainable) { return *graph::SetTrainable(graph, trainable); }

// On pictures; with every kind of layer that learns, remembers or forgets.
graph::Graph SmallNet(double dropout) {
  json head = json::parse(R"([{"conv2d": {"filters": 4, "kernel": 3, "padding": "same", "activation": "relu"}}, "batch_norm",
                              {"max_pool": {"size": 2, "padding": "same"}},
                              {"depthwise_conv2d": {"kernel": 3, "padding": "same", "strides": 2}}, "batch_norm", {"relu": 6},
                              {"conv2d": {"filters": 6, "kernel": 1}}, "global_average_pool"])");
  head.push_back({{"dropout", dropout}});
  head.push_back({{"dense", "classes"}});
  return WithHead({kHeight, kWidth, 3}, head);
}

struct Pictures {
  Pictures() {
    RandomStream random(2, RandomPurpose::kGenerate);
    pixels.resize(kExamples * kValues);
    std::vector<const uint8_t*> rows;
    for (size_t i = 0; i < kExamples; ++i) {
      uint8_t* row = &pixels[i * kValues];
      for (size_t v = 0; v < kValues; ++v) row[v] = static_cast<uint8_t>(random.NextBelow(200) + (v % kClasses == i % kClasses ? 50 : 0));
      rows.push_back(row);
      examples.labels.push_back(static_cast<int32_t>(i % kClasses));
    }
    examples.rows = rows;
  }
  std::vector<uint8_t> pixels;
  Examples examples;
};

// Rows of floats, which live as long as this.
struct Features {
  Features(size_t count, size_t values, float (*value)(RandomStream*)) : floats(count * values) {
    RandomStream random(5, RandomPurpose::kGenerate);
    for (float& each : floats) each = value(&random);
    auto& rows = examples.rows.emplace<std::vector<const float*>>();
    for (size_t i = 0; i < count; ++i) {
      rows.push_back(&floats[i * values]);
      examples.labels.push_back(static_cast<int32_t>(i % kClasses));
    }
  }
  std::vector<float> floats;
  Examples examples;
};

TorchLearnerOptions Options(double lr = 0.05) {
  TorchLearnerOptions options;
  options.optimizer.lr = lr;
  options.seed = 7;
  options.pixels.preprocessing.width = kWidth;
  options.pixels.preprocessing.height = kHeight;
  options.instruction_set = "baseline";
  return options;
}

std::unique_ptr<Learner> Make(const graph::Graph& graph, const Examples& examples, const TorchLearnerOptions& options) {
  nn::SetComputeThreads(1);
  auto learner = MakeTorchLearner(graph, nn::InitializeWeights(graph, 1), examples, examples, options);
  EXPECT_THAT(learner, IsOk());
  return *std::move(learner);
}

std::vector<uint32_t> Range(uint32_t count) {
  std::vector<uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0u);
  return all;
}

std::vector<double> Losses(Learner* learner, int steps) {
  std::vector<double> losses;
  for (int step = 0; step < steps; ++step) losses.push_back(learner->TrainBatch({.examples = Range(kExamples)})->loss);
  losses.push_back(learner->EvaluateBatch(2, 9)->loss);
  return losses;
}

std::vector<float> FloatsIn(const nn::TensorMap& tensors, const std::string& name) { return nn::FloatsOf(tensors.at(name).view()); }

TEST(TorchLearner, Learns) {
  const Pictures pictures;
  TorchLearnerOptions options = Options(0.01);
  options.optimizer.kind = OptimizerKind::kAdam;
  const auto learner = Make(SmallNet(0), pictures.examples, options);
  const std::vector<double> losses = Losses(learner.get(), 60);
  EXPECT_LT(losses[59], 0.3 * losses[0]);
}

// The losses that TrainBatch tells before its step are those of the same forward pass as the gradients: in training, with masks and the
// batch's own statistics.
TEST(TorchLearner, GradientIsTheSlopeOfTheLossInTraining) {
  const Pictures pictures;
  const graph::Graph graph = SmallNet(0.4);
  const auto learner = Make(graph, pictures.examples, Options(/*lr=*/1));
  const nn::TensorMap start = learner->weights();
  const auto loss_of = [&](const nn::TensorMap& weights) {
    EXPECT_THAT(learner->Restore(weights, {}, 0), IsOk());
    return learner->TrainBatch({.examples = Range(kExamples)})->loss / kExamples;
  };
  loss_of(start);
  const nn::TensorMap after = learner->weights();
  for (const graph::Parameter& parameter : graph.parameters()) {
    if (parameter.statistic) continue;
    const std::vector<float> from = FloatsIn(start, parameter.name), to = FloatsIn(after, parameter.name);
    for (size_t i = 0; i < from.size(); i += from.size() / 3 + 1) {
      const float step = 1.0f / 2'048;  // little, for the sake of the kinks of relu and max_pool
      std::vector<float> up = from, down = from;
      up[i] += step;
      down[i] -= step;
      nn::TensorMap higher = start, lower = start;
      higher[parameter.name] = nn::Tensor::FromFloats(parameter.shape, up);
      lower[parameter.name] = nn::Tensor::FromFloats(parameter.shape, down);
      EXPECT_NEAR(from[i] - to[i], (loss_of(higher) - loss_of(lower)) / (2 * step), 5e-3) << parameter.name << " " << i;
    }
  }
}

TEST(TorchLearner, TheEdgesOfARectifierPassNoGradient) {
  const Features features(kExamples, 2, [](RandomStream*) { return 1.0f; });
  for (const json& relu : {json("relu"), json{{"relu", 6}}}) {
    const graph::Graph graph = WithHead({2}, {{{"dense", 2}}, relu, {{"dense", "classes"}}});
    const auto learner = Make(graph, features.examples, Options());
    nn::TensorMap weights = learner->weights();
    weights["head_dense.weight"] = nn::Tensor::FromFloats({2, 2}, std::vector<float>{0, 0, 3, 3});
    SB_ASSERT_OK(learner->Restore(weights, {}, 0));
    SB_ASSERT_OK(learner->TrainBatch({.examples = Range(4)}));
    const std::vector<float> bias = FloatsIn(learner->weights(), "head_dense.bias");
    EXPECT_EQ(bias[0], 0);
    EXPECT_EQ(bias[1] == 0, relu.is_object());  // 6 is the other edge
  }
}

TEST(TorchLearner, MixedBatchesAreLearntAsByLinearLearners) {
  const Features features(kExamples, 37, [](RandomStream* random) { return random->NextUniform(); });
  const graph::Graph graph = WithHead({37}, {{{"dense", "classes"}}});
  TorchLearnerOptions options = Options();
  options.mixing.mixup_alpha = 1;
  LinearLearnerOptions linear_options;
  linear_options.optimizer = options.optimizer;
  linear_options.mixing = options.mixing;
  linear_options.seed = options.seed;
  linear_options.instruction_set = options.instruction_set;
  const auto torch = Make(graph, features.examples, options), plain = Make(graph, features.examples, Options());
  const auto linear = MakeLinearLearner(graph, torch->weights(), features.examples, features.examples, linear_options);
  for (uint32_t batch = 0; batch < 10; ++batch) {
    const std::vector<uint32_t> examples = Range(kExamples);
    const Batch drawn{.examples = examples, .epoch = 1, .index = batch};
    const double loss = torch->TrainBatch(drawn)->loss;
    EXPECT_NEAR(loss, (*linear)->TrainBatch(drawn)->loss, 1e-5 * loss);
    EXPECT_GT(std::abs(loss - plain->TrainBatch(drawn)->loss), 1e-3);
  }
  // Validation is never mixed.
  EXPECT_NEAR(torch->EvaluateBatch(0, 9)->loss, (*linear)->EvaluateBatch(0, 9)->loss, 1e-4);
  std::vector<float> torch_logits(9 * kClasses), linear_logits(9 * kClasses);
  SB_ASSERT_OK(torch->Predict(2, 9, torch_logits));
  SB_ASSERT_OK((*linear)->Predict(2, 9, linear_logits));
  for (size_t i = 0; i < torch_logits.size(); ++i) EXPECT_NEAR(torch_logits[i], linear_logits[i], 1e-4);
}

TEST(TorchLearner, HeadsLearnAsLinearLearnersDo) {
  const Features features(kExamples, 37, [](RandomStream* random) { return random->NextUniform(); });
  const graph::Graph graph = WithHead({37}, {{{"dense", "classes"}}});
  for (const auto& [kind, momentum, nesterov] :
       {std::tuple(OptimizerKind::kSgd, 0.0, false), std::tuple(OptimizerKind::kSgd, 0.9, false),
        std::tuple(OptimizerKind::kSgd, 0.9, true), std::tuple(OptimizerKind::kAdam, 0.0, false)}) {
    TorchLearnerOptions options = Options();
    options.optimizer.kind = kind;
    options.optimizer.momentum = momentum;
    options.optimizer.nesterov = nesterov;
    LinearLearnerOptions linear_options;
    linear_options.optimizer = options.optimizer;
    linear_options.instruction_set = options.instruction_set;
    const auto torch = Make(graph, features.examples, options);
    const auto linear = MakeLinearLearner(graph, torch->weights(), features.examples, features.examples, linear_options);
    const std::vector<double> of_torch = Losses(torch.get(), 20), of_linear = Losses(linear->get(), 20);
    for (size_t i = 0; i < of_torch.size(); ++i) EXPECT_NEAR(of_torch[i], of_linear[i], 1e-5 * of_linear[i]);
    const std::vector<float> a = FloatsIn(torch->weights(), "head_dense.weight"), b = FloatsIn((*linear)->weights(), "head_dense.weight");
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
  }
}

TEST(TorchLearner, EvaluatesAsTheNetworkRuns) {
  const Features features(kExamples, kValues, [](RandomStream* random) { return random->NextUniform(); });
  const graph::Graph graph = SmallNet(0.5);
  TorchLearnerOptions options = Options();
  options.evaluation_batch = 4;
  const auto learner = Make(graph, features.examples, options);
  Losses(learner.get(), 3);
  const nn::TensorMap weights = learner->weights();
  const auto network = nn::Network::Create(graph, nn::ViewsOf(weights));
  const auto logits = (*network)->Run(features.floats, kExamples, graph::LogitsLayer(graph).layer.name);
  SB_ASSERT_OK(logits);
  BatchResult expected;
  SoftmaxCrossEntropy softmax(kClasses);
  for (size_t i = 0; i < kExamples; ++i) {
    softmax.Add(std::span(*logits).subspan(i * kClasses, kClasses), features.examples.labels, i, 1, nullptr, &expected);
  }
  SB_ASSERT_OK_AND_ASSIGN(const BatchResult result, learner->EvaluateBatch(0, kExamples));
  EXPECT_NEAR(result.loss, expected.loss, 1e-5 * expected.loss);
  EXPECT_EQ(result.correct, expected.correct);

  std::vector<float> predicted(5 * kClasses);
  SB_ASSERT_OK(learner->Predict(3, 5, predicted));
  for (size_t i = 0; i < predicted.size(); ++i) EXPECT_NEAR(predicted[i], (*logits)[3 * kClasses + i], 1e-4);
}

TEST(TorchLearner, BatchNormsStatisticsMoveAsKerassDo) {
  const Features features(kExamples, 5, [](RandomStream* random) { return 3 + 2 * random->NextUniform(); });
  const graph::Graph graph = WithHead({5}, {{{"batch_norm", {{"momentum", 0.8}}}}, {{"dense", "classes"}}});
  const auto learner = Make(graph, features.examples, Options());
  SB_ASSERT_OK(learner->TrainBatch({.examples = Range(kExamples)}));
  const std::vector<float> means = FloatsIn(learner->weights(), "head_batch_norm.running_mean");
  const std::vector<float> variances = FloatsIn(learner->weights(), "head_batch_norm.running_var");
  for (size_t f = 0; f < 5; ++f) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < kExamples; ++i) mean += features.floats[i * 5 + f] / kExamples;
    for (size_t i = 0; i < kExamples; ++i) square += std::pow(features.floats[i * 5 + f] - mean, 2) / kExamples;
    EXPECT_NEAR(means[f], 0.2 * mean, 1e-5);
    EXPECT_NEAR(variances[f], 0.8 + 0.2 * square, 1e-5);
  }
  // One value has a mean, and the variance 0.
  SB_ASSERT_OK(learner->TrainBatch({.examples = std::vector<uint32_t>{4}}));
  EXPECT_NEAR(FloatsIn(learner->weights(), "head_batch_norm.running_var")[0], 0.8 * variances[0], 1e-6);
  EXPECT_NEAR(FloatsIn(learner->weights(), "head_batch_norm.running_mean")[0], 0.8 * means[0] + 0.2 * features.floats[20], 1e-5);
}

TEST(TorchLearner, WhatIsFrozenStaysAsItWas) {
  const Pictures pictures;
  const graph::Graph graph = Frozen(SmallNet(0), {"head_conv2d_1", "head_dense"});
  TorchLearnerOptions options = Options();
  options.optimizer.kind = OptimizerKind::kAdam;
  const auto learner = Make(graph, pictures.examples, options);
  const nn::TensorMap before = learner->weights();
  Losses(learner.get(), 3);
  const nn::TensorMap after = learner->weights();
  for (const auto& [name, tensor] : before) {
    const bool learns = name.starts_with("head_conv2d_1.") || name.starts_with("head_dense.");
    EXPECT_EQ(tensor.data != after.at(name).data, learns) << name;
  }
  EXPECT_EQ(learner->optimizer_state().size(), 8);
  for (const auto& [name, tensor] : learner->optimizer_state()) {
    EXPECT_TRUE(name.starts_with("head_conv2d_1.") || name.starts_with("head_dense.")) << name;
    EXPECT_EQ(tensor.shape, before.at(name.substr(0, name.find('/'))).shape);
  }
}

// Of a dense layer of zeros behind a dropout, one example's gradient shows the mask: (softmax - one hot) = 1/2 times it.
std::vector<float> MaskOf(uint64_t seed, double rate, int64_t step, uint32_t example, const std::string& layer = "dropout") {
  constexpr int64_t kWide = 20'000;
  const Features ones(4, kWide, [](RandomStream*) { return 1.0f; });
  const auto graph = graph::Graph::Create({{.name = "input", .type = "input", .config = {{"shape", {kWide}}}, .inputs = {}},
                                           {.name = layer, .type = "dropout", .config = {{"rate", rate}}, .inputs = {"input"}},
                                           {.name = "dense", .type = "dense", .config = {{"units", 2}}, .inputs = {layer}}});
  Examples examples = ones.examples;
  examples.labels = {1, 1, 1, 1};
  TorchLearnerOptions options = Options(/*lr=*/2);
  options.seed = seed;
  const auto learner = Make(*graph, examples, options);
  nn::TensorMap zeros = learner->weights();
  for (auto& [name, tensor] : zeros) std::fill(tensor.data.begin(), tensor.data.end(), std::byte{0});
  EXPECT_THAT(learner->Restore(zeros, {}, step), IsOk());
  EXPECT_THAT(learner->TrainBatch({.examples = std::vector<uint32_t>{example}}), IsOk());
  const std::vector<float> weight = FloatsIn(learner->weights(), "dense.weight");
  return {weight.begin() + kWide, weight.end()};
}

TEST(TorchLearner, DropoutKeepsItsShareAndTheMean) {
  for (const double rate : {0.1, 0.5, 0.8}) {
    const std::vector<float> mask = MaskOf(7, rate, 0, 1);
    double kept = 0, mean = 0;
    for (const float value : mask) {
      EXPECT_TRUE(value == 0 || std::abs(value * (1 - rate) - 1) < 1e-6) << value;
      kept += value != 0;
      mean += value / static_cast<double>(mask.size());
    }
    // Five standard deviations.
    const double share = kept / static_cast<double>(mask.size()),
                 deviation = std::sqrt(rate * (1 - rate) / static_cast<double>(mask.size()));
    EXPECT_NEAR(share, 1 - rate, 5 * deviation);
    EXPECT_NEAR(mean, 1, 5 * deviation / (1 - rate));
  }
  EXPECT_THAT(MaskOf(7, 0, 0, 1), Each(1.0f));
}

TEST(TorchLearner, DropoutsMasksFollowSeedStepExampleAndLayerAlone) {
  const std::vector<float> mask = MaskOf(7, 0.5, 3, 1);
  EXPECT_EQ(mask, MaskOf(7, 0.5, 3, 1));
  for (const std::vector<float>& other :
       {MaskOf(8, 0.5, 3, 1), MaskOf(7, 0.5, 4, 1), MaskOf(7, 0.5, 3, 2), MaskOf(7, 0.5, 3, 1, "other")}) {
    double equal = 0;
    for (size_t i = 0; i < mask.size(); ++i) equal += mask[i] == other[i];
    EXPECT_NEAR(equal / static_cast<double>(mask.size()), 0.5, 5 * 0.5 / std::sqrt(static_cast<double>(mask.size())));
  }
}

TEST(TorchLearner, AFrozenDropoutPassesEverything) {
  const Pictures pictures;
  const graph::Graph with = SmallNet(0.9), without = SmallNet(0);
  const std::vector<std::string> learning = {"head_dense", "head_conv2d*", "head_batch_norm*", "head_depthwise_conv2d"};
  const auto frozen = Make(Frozen(with, learning), pictures.examples, Options());
  const auto none = Make(Frozen(without, learning), pictures.examples, Options());
  EXPECT_EQ(Losses(frozen.get(), 3), Losses(none.get(), 3));
}

TEST(TorchLearner, TheSameCallsGiveTheSameBits) {
  const Pictures pictures;
  for (const int threads : {1, 2}) {
    const auto run = [&] {
      const auto learner = Make(SmallNet(0.3), pictures.examples, Options());
      nn::SetComputeThreads(threads);
      const std::vector<double> losses = Losses(learner.get(), 2);
      return std::pair(losses, nn::WeightsSha256(nn::ViewsOf(learner->weights())));
    };
    EXPECT_EQ(run(), run());
  }
}

TEST(TorchLearner, PixelsFinishedInputsAndFetchedOnesGiveTheSameBits) {
  const Pictures pictures;
  TorchLearnerOptions options = Options();
  const int width = kWidth, height = kHeight;
  options.pixels.preprocessing = *image::PresetNamed("keras_caffe");
  options.pixels.preprocessing.width = width;
  options.pixels.preprocessing.height = height;
  const InputReader reader(kValues, options.pixels);
  std::vector<float> inputs(kExamples * kValues);
  SB_ASSERT_OK(reader.Read(pictures.examples, {.examples = Range(kExamples)}, inputs));
  std::vector<const float*> rows;
  for (size_t i = 0; i < kExamples; ++i) rows.push_back(&inputs[i * kValues]);
  const FetchRows fetch = [&](const Batch& batch, std::span<float> to) { return reader.Read(pictures.examples, batch, to); };
  const auto losses = [&](decltype(Examples::rows) from) {
    return Losses(Make(SmallNet(0.3), {std::move(from), pictures.examples.labels}, options).get(), 3);
  };
  const std::vector<double> of_pixels = losses(pictures.examples.rows);
  EXPECT_EQ(losses(rows), of_pixels);
  EXPECT_EQ(losses(fetch), of_pixels);
}

// A run that ends at any point goes on from there to the very same bits: weights, statistics, slots, masks and mixes.
TEST(TorchLearner, ResumesExactlyFromEveryPoint) {
  const Pictures pictures;
  const testing::TemporaryDirectory folder;
  testing::FakeClock clock;
  TorchLearnerOptions learning = Options();
  learning.optimizer.kind = OptimizerKind::kAdam;
  learning.mixing = {.mixup_alpha = 0.4, .cutmix_alpha = 1};
  const auto train = [&](Recorder* recorder, int64_t attempt) {
    TrainerOptions options;
    options.epochs = 2;
    options.batch_size = 5;
    options.checkpoints = {folder.path(), attempt, "spec"};
    options.clock = &clock;
    const auto learner = Make(SmallNet(0.3), pictures.examples, learning);
    return Train(options, learner.get(), recorder);
  };
  Recorder undisturbed;
  SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome whole, train(&undisturbed, 1));
  for (int stop = 0; stop < undisturbed.asked; ++stop) {
    ForgetCheckpoints(folder.path());
    Recorder first, second;
    first.cancel_after = stop;
    SB_ASSERT_OK(train(&first, 1));
    SB_ASSERT_OK_AND_ASSIGN(const TrainOutcome rest, train(&second, 2));
    EXPECT_EQ(DigestOf(rest.weights), DigestOf(whole.weights)) << "stopped before batch " << stop;
    EXPECT_EQ(DigestOf(rest.best_weights), DigestOf(whole.best_weights));
    EXPECT_EQ(rest.history.back().val_loss, whole.history.back().val_loss);
  }
}

TEST(TorchLearner, RefusesWhatDoesNotFit) {
  const Pictures pictures;
  const graph::Graph graph = SmallNet(0);
  const nn::TensorMap weights = nn::InitializeWeights(graph, 0);
  const auto make = [&](const graph::Graph& of, const nn::TensorMap& with, const TorchLearnerOptions& options) {
    return MakeTorchLearner(of, with, pictures.examples, {}, options).status();
  };
  EXPECT_THAT(make(graph, {}, Options()), StatusIs(kInvalid, HasSubstr("missing")));
  const graph::Graph two = WithHead({kHeight, kWidth, 3}, {"flatten", {{"dense", "classes"}}}, 2);
  EXPECT_THAT(make(two, nn::InitializeWeights(two, 0), Options()), StatusIs(kInvalid, HasSubstr("label 2")));
  EXPECT_THAT(make(Frozen(graph, {"none"}), weights, Options()), StatusIs(kInvalid, HasSubstr("no layer of the network is trainable")));
  EXPECT_THAT(make(*graph::CutAt(graph, "head_batch_norm"), {}, Options()), StatusIs(kInvalid, HasSubstr("6x5x4")));
  const graph::Graph vector = WithHead({37}, {{{"dense", "classes"}}});
  TorchLearnerOptions cutmix = Options();
  cutmix.mixing.cutmix_alpha = 1;
  EXPECT_THAT(make(vector, nn::InitializeWeights(vector, 0), cutmix), StatusIs(kInvalid, HasSubstr("cutmix needs pictures")));
  TorchLearnerOptions options = Options();
  options.pixels.preprocessing.width = 9;
  EXPECT_THAT(make(graph, weights, options), StatusIs(kInvalid, HasSubstr("9x6 pixels")));
  options = Options();
  options.instruction_set = "z80";
  EXPECT_THAT(make(graph, weights, options), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'z80'")));
}

TEST(TorchLearner, RefusesAStateThatDoesNotFit) {
  const Pictures pictures;
  TorchLearnerOptions options = Options();
  options.optimizer.momentum = 0.9;
  const auto learner = Make(SmallNet(0), pictures.examples, options);
  nn::TensorMap state = learner->optimizer_state();
  state.erase("head_dense.bias/momentum");
  EXPECT_THAT(learner->Restore(learner->weights(), state, 1), StatusIs(kInvalid, HasSubstr("head_dense.bias/momentum")));
  EXPECT_THAT(learner->Restore({}, {}, 1), StatusIs(kInvalid, HasSubstr("missing")));
}

TEST(TorchLearner, AnErrorOfTheFetchEndsTheStep) {
  const FetchRows fetch = [](const Batch&, std::span<float>) { return absl::DataLossError("gone"); };
  const auto learner = Make(WithHead({4}, {{{"dense", "classes"}}}), {.rows = fetch, .labels = {0, 1}}, Options());
  EXPECT_THAT(learner->TrainBatch({.examples = Range(2)}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("gone")));
}

TEST(TorchLearner, TellsTheSizesWhenMemoryRunsOut) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer's allocator ends the program";
#endif
  const Features features(64, 3, [](RandomStream* random) { return random->NextUniform(); });
  // 64 times 4 TB, more than there are addresses.
  const graph::Graph graph = WithHead(
      {1, 1, 3}, {{{"max_pool", {{"size", 1'000'000}, {"strides", 1}, {"padding", 500'000}}}}, "global_max_pool", {{"dense", "classes"}}});
  const auto learner = Make(graph, features.examples, Options());
  EXPECT_THAT(
      learner->TrainBatch({.examples = Range(64)}),
      StatusIs(absl::StatusCode::kResourceExhausted, AllOf(HasSubstr("batches of 64 examples of 1x1x3"), HasSubstr("--batch-size"))));
}

}  // namespace
}  // namespace seedbed::train
