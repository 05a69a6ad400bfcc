#include "core/visualize/attribution/attribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/philox.h"
#include "core/graph/graph.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::visualize {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::Each;
using ::testing::FloatNear;
using ::testing::Ge;
using ::testing::Pointwise;

constexpr size_t kSide = 6, kPixels = kSide * kSide, kValues = 3 * kPixels, kClasses = 4;

std::vector<float> SomeInput(uint64_t seed = 1) {
  RandomStream random(seed, RandomPurpose::kGenerate);
  std::vector<float> input(kValues);
  for (float& value : input) value = static_cast<float>(random.NextNormal());
  return input;
}

struct Model {
  graph::Graph graph;
  nn::TensorMap weights;
};

Model ModelOf(std::vector<graph::Layer> layers) {
  layers.insert(layers.begin(), {.name = "input", .type = "input", .config = {{"shape", {kSide, kSide, 3}}}, .inputs = {}});
  auto graph = graph::Graph::Create(std::move(layers));
  SB_EXPECT_OK(graph.status());
  nn::TensorMap weights = nn::InitializeWeights(*graph, 5);
  return {*std::move(graph), std::move(weights)};
}

Model Linear() {
  return ModelOf({{.name = "flatten", .type = "flatten", .inputs = {"input"}},
                  {.name = "dense", .type = "dense", .config = {{"units", kClasses}}, .inputs = {"flatten"}}});
}

Model Convolutional() {
  return ModelOf(
      {{.name = "conv", .type = "conv2d", .config = {{"filters", 5}, {"kernel", 3}, {"activation", "relu"}}, .inputs = {"input"}},
       {.name = "conv2", .type = "conv2d", .config = {{"filters", 7}, {"kernel", 2}, {"activation", "relu"}}, .inputs = {"conv"}},
       {.name = "pool", .type = "global_average_pool", .inputs = {"conv2"}},
       {.name = "dense", .type = "dense", .config = {{"units", kClasses}}, .inputs = {"pool"}}});
}

std::unique_ptr<nn::GradientNetwork> NetworkOf(const Model& model, const std::string& layer = "") {
  auto network = nn::GradientNetwork::Create(model.graph, nn::ViewsOf(model.weights), {.target = "dense", .with_respect_to = layer});
  SB_EXPECT_OK(network.status());
  return *std::move(network);
}

double LogitOf(const nn::GradientNetwork& network, std::span<const float> input, size_t class_index) {
  double logit = 0;
  std::vector<float> gradient(kValues);
  const auto look = [&](std::span<const float> values, std::span<float>) { logit = values[class_index]; };
  SB_EXPECT_OK(network.Run(input, 1, look, {}, gradient));
  return logit;
}

// Row `class_index` of the dense layer's weights.
std::vector<float> WeightsOf(const Model& model, size_t class_index) {
  const std::vector<float> all = nn::FloatsOf(model.weights.at("dense.weight").view());
  const size_t inputs = all.size() / kClasses;
  return {all.begin() + static_cast<ptrdiff_t>(class_index * inputs), all.begin() + static_cast<ptrdiff_t>((class_index + 1) * inputs)};
}

std::vector<float> LargestOfPixels(const std::vector<float>& values) {
  std::vector<float> map;
  for (size_t i = 0; i < values.size(); i += 3) {
    map.push_back(std::max({std::abs(values[i]), std::abs(values[i + 1]), std::abs(values[i + 2])}));
  }
  return map;
}

TEST(Saliency, OfALinearNetIsItsWeights) {
  const Model model = Linear();
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> map, Saliency(*NetworkOf(model), SomeInput(), 2));
  EXPECT_THAT(map, Pointwise(FloatNear(1e-7f), LargestOfPixels(WeightsOf(model, 2))));
}

TEST(SmoothGrad, OfALinearNetIsItsSaliency) {
  const Model model = Linear();
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> map,
                          SmoothGrad(*NetworkOf(model), SomeInput(), 1, {.samples = 11, .batch = 4}, nullptr));
  EXPECT_THAT(map, Pointwise(FloatNear(1e-6f), LargestOfPixels(WeightsOf(model, 1))));
}

// Keeps what it is asked about; gradients are the inputs.
class RecordingNetwork : public nn::GradientNetwork {
 public:
  RecordingNetwork() : GradientNetwork(Linear().graph, {kSide, kSide, 3}) {}
  absl::Status Run(std::span<const float> input, size_t batch, const nn::TargetGradient& target_gradient, std::span<float> /*values*/,
                   std::span<float> gradient) const override {
    std::vector<float> logits(batch * kClasses), wanted(batch * kClasses);
    target_gradient(logits, wanted);
    EXPECT_EQ(std::accumulate(wanted.begin(), wanted.end(), 0.0f), static_cast<float>(batch)) << "of one class for each example";
    for (size_t i = 0; i < batch; ++i) {
      const std::span<const float> example = input.subspan(i * kValues, kValues);
      inputs.emplace_back(example.begin(), example.end());
    }
    std::ranges::copy(input, gradient.begin());
    batches.push_back(batch);
    return absl::OkStatus();
  }
  mutable std::vector<std::vector<float>> inputs;
  mutable std::vector<size_t> batches;
};

TEST(SmoothGrad, AddsNoiseOfTheWantedDeviation) {
  const RecordingNetwork network;
  std::vector<float> input = SomeInput();
  const auto [least, most] = std::ranges::minmax(input);
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> map, SmoothGrad(network, input, 0, {.samples = 500, .noise = 0.2}, nullptr));
  double sum = 0, squares = 0;
  for (const std::vector<float>& copy : network.inputs) {
    for (size_t i = 0; i < kValues; ++i) {
      const double noise = static_cast<double>(copy[i]) - static_cast<double>(input[i]);
      sum += noise;
      squares += noise * noise;
    }
  }
  const double count = 500.0 * kValues, deviation = std::sqrt(squares / count);
  EXPECT_NEAR(deviation, 0.2 * (most - least), 0.01 * (most - least)) << "of " << count << " draws";
  EXPECT_NEAR(sum / count, 0, 4 * deviation / std::sqrt(count));
  // The mean of max |x + e|, here where gradients are the copies themselves.
  std::vector<float> expected(kPixels, 0.0f);
  for (const std::vector<float>& copy : network.inputs) {
    const std::vector<float> largest = LargestOfPixels(copy);
    for (size_t i = 0; i < kPixels; ++i) expected[i] += largest[i] / 500;
  }
  EXPECT_THAT(map, Pointwise(FloatNear(1e-4f), expected));
}

TEST(SmoothGrad, DrawsBySeedWhateverTheBatch) {
  const std::vector<float> input = SomeInput();
  const auto inputs = [&](uint64_t seed, size_t batch) {
    const RecordingNetwork network;
    SB_EXPECT_OK(SmoothGrad(network, input, 0, {.samples = 7, .seed = seed, .batch = batch}, nullptr).status());
    return network.inputs;
  };
  EXPECT_EQ(inputs(1, 1), inputs(1, 3));
  EXPECT_EQ(inputs(1, 7), inputs(1, 100));
  EXPECT_NE(inputs(1, 7), inputs(2, 7));
}

TEST(IntegratedGradients, OfALinearNetAreExact) {
  const Model model = Linear();
  const std::vector<float> input = SomeInput(1), baseline = SomeInput(2), weights = WeightsOf(model, 3);
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> map,
                          IntegratedGradients(*NetworkOf(model), input, baseline, 3, {.steps = 3, .batch = 2}, nullptr));
  std::vector<float> expected(kPixels, 0.0f);
  for (size_t i = 0; i < kValues; ++i) expected[i / 3] += (input[i] - baseline[i]) * weights[i];
  EXPECT_THAT(map, Pointwise(FloatNear(1e-5f), expected));
}

TEST(IntegratedGradients, AddUpToTheLogitsRise) {
  const Model model = Convolutional();
  const auto network = NetworkOf(model);
  const std::vector<float> input = SomeInput(1), black(kValues, 0.0f);
  for (size_t class_index = 0; class_index < kClasses; ++class_index) {
    const double rise = LogitOf(*network, input, class_index) - LogitOf(*network, black, class_index);
    SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> map,
                            IntegratedGradients(*network, input, black, class_index, {.steps = 300}, nullptr));
    EXPECT_NEAR(std::accumulate(map.begin(), map.end(), 0.0), rise, 0.01 * std::max(0.1, std::abs(rise)));
  }
}

TEST(IntegratedGradients, DoNotDependOnTheBatch) {
  const RecordingNetwork network;
  const std::vector<float> input = SomeInput(1), black(kValues, 0.0f);
  SB_ASSERT_OK_AND_ASSIGN(const auto whole, IntegratedGradients(network, input, black, 0, {.steps = 10, .batch = 10}, nullptr));
  SB_ASSERT_OK_AND_ASSIGN(const auto parts, IntegratedGradients(network, input, black, 0, {.steps = 10, .batch = 3}, nullptr));
  EXPECT_EQ(whole, parts);
  EXPECT_EQ(network.batches, (std::vector<size_t>{10, 3, 3, 3, 1}));
  EXPECT_EQ(network.inputs[0][5], 0.05f * input[5]) << "the middle of the first step";
}

TEST(GradCam, IsItsDefinition) {
  const Model model = Convolutional();
  const std::vector<float> input = SomeInput();
  // The mean over positions of a global average's gradient is the weight over their number, whatever the position.
  for (size_t class_index = 0; class_index < kClasses; ++class_index) {
    const auto network = NetworkOf(model, "conv2");
    std::vector<float> maps(3 * 3 * 7), gradient(maps.size());
    SB_ASSERT_OK(network->Run(
        input, 1, [](auto, auto) {}, maps, gradient));
    std::vector<float> expected(9, 0.0f);
    for (size_t i = 0; i < maps.size(); ++i) expected[i / 7] += WeightsOf(model, class_index)[i % 7] / 9 * maps[i];
    for (float& value : expected) value = std::max(0.0f, value);
    SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> map, GradCam(*network, input, class_index));
    EXPECT_THAT(map, Pointwise(FloatNear(1e-6f), expected));
    EXPECT_THAT(map, Each(Ge(0.0f)));
  }
}

TEST(Attribution, StopsBetweenBatches) {
  const RecordingNetwork network;
  const std::vector<float> input = SomeInput(), black(kValues, 0.0f);
  const auto stop = [](size_t done) { return done < 4; };
  EXPECT_THAT(SmoothGrad(network, input, 0, {.samples = 50, .batch = 2}, stop).status(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(network.inputs.size(), 4u);
  EXPECT_THAT(IntegratedGradients(network, input, black, 0, {.steps = 50, .batch = 2}, stop).status(),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(network.inputs.size(), 8u);
}

}  // namespace
}  // namespace seedbed::visualize
