#include "core/nn/gradient_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/philox.h"
#include "core/graph/edit.h"
#include "core/nn/network.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/nn/naive_network.h"

namespace seedbed::nn {
namespace {

using ::seedbed::testing::IsOk;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr size_t kBatch = 2;

// What is asked: the sum of the target's values, each with a weight of its own.
double WeightOf(size_t value) { return 0.5 + 0.25 * static_cast<double>(value % 5); }

void AskForWeightedSum(std::span<const float>, std::span<float> gradient) {
  for (size_t i = 0; i < gradient.size(); ++i) gradient[i] = static_cast<float>(WeightOf(i));
}

// Numbers to which a step can be added without rounding.
std::vector<float> RoundInput(const graph::Graph& graph) {
  std::vector<float> input = RandomValues(kBatch * static_cast<size_t>(graph::ElementsOf(graph.input_shape())), 2);
  for (float& value : input) value = std::round(value * 4096) / 4096;
  return input;
}

class GradientNetworkTest : public ::testing::Test {
 protected:
  std::vector<float> GradientBy(const std::string& layer, const std::string& target, std::vector<float>* values = nullptr) {
    const auto network = GradientNetwork::Create(graph_, ViewsOf(weights_), {.target = target, .with_respect_to = layer, .threads = 1});
    EXPECT_THAT(network.status(), IsOk());
    const size_t count = kBatch * static_cast<size_t>(graph::ElementsOf((*network)->shape()));
    std::vector<float> gradient(count), room(count);
    EXPECT_THAT((*network)->Run(input_, kBatch, AskForWeightedSum, room, gradient), IsOk());
    if (values != nullptr) *values = std::move(room);
    return gradient;
  }

  double WeightedSum(std::span<const float> input, const std::string& target) {
    const std::vector<double> values = RunNaively(graph_, ViewsOf(weights_), input, kBatch).at(target);
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) sum += WeightOf(i) * values[i];
    return sum;
  }

  const graph::Graph graph_ = EveryLayerGraph();
  const TensorMap weights_ = LivelyWeights(graph_, 1);
  const std::vector<float> input_ = RoundInput(graph_);
};

// Where the slopes on both sides are the same, no rectifier or pool turns over between them, and the gradient must be that slope.
TEST_F(GradientNetworkTest, IsTheSlopeOfEveryTypeOfLayer) {
  constexpr float kStep = 1.0f / 1024;
  for (const std::string target : {"wide", "sum", "same_pool", "mean_pool", "both", "logits", "softmax"}) {
    SCOPED_TRACE(target);
    const std::vector<float> gradient = GradientBy("input", target);
    const float largest =
        std::abs(*std::max_element(gradient.begin(), gradient.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }));
    const double here = WeightedSum(input_, target);
    int smooth = 0, tried = 0;
    for (size_t i = 0; i < input_.size(); i += 131, ++tried) {
      std::vector<float> moved = input_;
      moved[i] = input_[i] + kStep;
      const double above = (WeightedSum(moved, target) - here) / kStep;
      moved[i] = input_[i] - kStep;
      const double below = (here - WeightedSum(moved, target)) / kStep;
      if (std::abs(above - below) > 1e-3 * largest) continue;
      ++smooth;
      EXPECT_NEAR(gradient[i], (above + below) / 2, 2e-3 * largest) << i;
    }
    EXPECT_GE(smooth, tried / 2);
  }
}

TEST_F(GradientNetworkTest, IsThatByAnyLayerInBetweenWithItsValues) {
  for (const std::string layer : {"stem_relu6", "depthwise", "sum", "pool", "joined", "logits"}) {
    SCOPED_TRACE(layer);
    std::vector<float> values;
    const std::vector<float> gradient = GradientBy(layer, "softmax", &values);
    const auto exact = RunNaively(graph_, ViewsOf(weights_), input_, kBatch).at(layer);
    EXPECT_LT(DistanceFrom(exact, values), 1e-5);
    // What comes behind is a network of its own, whose input the layer's values are.
    SB_ASSERT_OK_AND_ASSIGN(const graph::Graph tail, graph::TailAfter(graph_, layer));
    SB_ASSERT_OK_AND_ASSIGN(const auto network, GradientNetwork::Create(tail, WeightsOf(tail, ViewsOf(weights_)), {}));
    std::vector<float> expected(gradient.size());
    ASSERT_THAT(network->Run(values, kBatch, AskForWeightedSum, {}, expected), IsOk());
    EXPECT_LT(DistanceFrom(std::vector<double>(expected.begin(), expected.end()), gradient), 1e-5);
  }
}

TEST_F(GradientNetworkTest, LeavesOutWaysAroundTheLayer) {
  const std::vector<float> sum = GradientBy("sum", "logits");
  EXPECT_EQ(GradientBy("narrow", "logits"), sum);
  EXPECT_EQ(GradientBy("branch", "logits"), sum);
  // A dropout passes on what it is given, and is a layer of its own all the same.
  EXPECT_EQ(GradientBy("dropout", "logits"), GradientBy("vector_bn", "logits"));
}

TEST_F(GradientNetworkTest, OfALayerByItselfIsWhatIsAsked) {
  std::vector<float> expected(kBatch * 5);
  AskForWeightedSum({}, expected);
  EXPECT_EQ(GradientBy("logits", "logits"), expected);
}

TEST_F(GradientNetworkTest, ShowsTheTargetsValuesInTheOrderOfImages) {
  SB_ASSERT_OK_AND_ASSIGN(const auto network, GradientNetwork::Create(graph_, ViewsOf(weights_), {.target = "wide"}));
  std::vector<float> seen, gradient(input_.size());
  const auto look = [&](std::span<const float> values, std::span<float>) { seen.assign(values.begin(), values.end()); };
  ASSERT_THAT(network->Run(input_, kBatch, look, {}, gradient), IsOk());
  EXPECT_LT(DistanceFrom(RunNaively(graph_, ViewsOf(weights_), input_, kBatch).at("wide"), seen), 1e-5);
  EXPECT_THAT(gradient, ::testing::Each(0.0f));
  std::vector<float> forwards_only;
  const auto look_again = [&](std::span<const float> values, std::span<float>) { forwards_only.assign(values.begin(), values.end()); };
  ASSERT_THAT(network->Run(input_, kBatch, look_again, {}, {}), IsOk());
  EXPECT_EQ(forwards_only, seen);
  EXPECT_EQ(network->target_shape(), graph_.Find("wide")->output_shape);
  EXPECT_EQ(network->shape(), graph_.input_shape());
}

// Convolutions of 3x3 with every padding that has a way back, rectifiers with and without a ceiling, a pool and a way around.
graph::Graph WideGraph() {
  using nlohmann::json;
  const auto conv = [](const std::string& name, json padding, json activation, const std::string& input) {
    json config = {{"filters", 32}, {"kernel", 3}, {"padding", std::move(padding)}};
    if (!activation.is_null()) config["activation"] = std::move(activation);
    return graph::Layer{.name = name, .type = "conv2d", .config = std::move(config), .inputs = {input}};
  };
  return *graph::Graph::Create({
      {.name = "input", .type = "input", .config = {{"shape", {13, 10, 3}}}, .inputs = {}},
      conv("narrow", 1, "relu", "input"),  // has too few channels
      conv("same", "same", "relu", "narrow"),
      conv("valid", "valid", "relu6", "same"),
      conv("wide", 2, nullptr, "valid"),
      {.name = "sum", .type = "add", .inputs = {"wide", "same"}},
      {.name = "pool", .type = "max_pool", .config = {{"size", 2}}, .inputs = {"sum"}},
      conv("last", 1, "relu", "pool"),
  });
}

TEST(WinogradGradients, AreThoseOfThePlainReference) {
  const graph::Graph graph = WideGraph();
  const TensorMap weights = LivelyWeights(graph, 1);
  const std::vector<float> input = RoundInput(graph);
  for (const int threads : {1, 3}) {
    for (const std::string layer : {"", "same", "sum"}) {
      std::vector<std::vector<float>> gradients;
      for (const std::string backend : {"torch", "winograd"}) {
        const auto network =
            GradientNetwork::Create(graph, ViewsOf(weights), {.with_respect_to = layer, .threads = threads, .backend = backend});
        if (absl::IsUnimplemented(network.status())) GTEST_SKIP() << network.status().message();
        SB_ASSERT_OK(network.status());
        gradients.emplace_back(kBatch * static_cast<size_t>(graph::ElementsOf((*network)->shape())));
        ASSERT_THAT((*network)->Run(input, kBatch, AskForWeightedSum, {}, gradients.back()), IsOk());
      }
      EXPECT_LT(DistanceFrom(std::vector<double>(gradients[0].begin(), gradients[0].end()), gradients[1]), 1e-5) << layer;
    }
  }
}

// Whatever else is in the batch, and wherever in it the image stands.
TEST(WinogradGradients, OfAnImageDoNotDependOnItsBatch) {
  const graph::Graph graph = WideGraph();
  const TensorMap weights = LivelyWeights(graph, 1);
  const std::vector<float> input = RoundInput(graph);
  SB_ASSERT_OK_AND_ASSIGN(const auto network, GradientNetwork::Create(graph, ViewsOf(weights), {}));
  const auto ask = [](std::span<const float>, std::span<float> gradient) { std::fill(gradient.begin(), gradient.end(), 0.5f); };
  const size_t size = input.size() / kBatch;
  std::vector<float> together(input.size()), alone(size);
  ASSERT_THAT(network->Run(input, kBatch, ask, {}, together), IsOk());
  for (size_t i = 0; i < kBatch; ++i) {
    ASSERT_THAT(network->Run(std::span(input).subspan(i * size, size), 1, ask, {}, alone), IsOk());
    EXPECT_LT(DistanceFrom(std::vector<double>(alone.begin(), alone.end()), std::span(together).subspan(i * size, size)), 1e-6);
  }
}

TEST_F(GradientNetworkTest, RefusesWhatDoesNotFit) {
  const auto create = [&](const GradientOptions& options) { return GradientNetwork::Create(graph_, ViewsOf(weights_), options).status(); };
  EXPECT_THAT(create({.target = "logitz"}), StatusIs(kInvalid, AllOf(HasSubstr("'logitz'"), HasSubstr("logits"))));
  EXPECT_THAT(create({.backend = "winogrand"}), StatusIs(kInvalid, HasSubstr("did you mean 'winograd'?")));
  EXPECT_THAT(create({.with_respect_to = "polo"}), StatusIs(kInvalid, HasSubstr("'polo'")));
  EXPECT_THAT(create({.target = "sum", .with_respect_to = "pool"}), StatusIs(kInvalid, HasSubstr("'sum' does not depend on 'pool'")));
  SB_ASSERT_OK_AND_ASSIGN(const auto network, GradientNetwork::Create(graph_, ViewsOf(weights_), {}));
  std::vector<float> gradient(input_.size());
  EXPECT_THAT(network->Run(input_, 3, AskForWeightedSum, {}, gradient), StatusIs(kInvalid, HasSubstr("23x18x3")));
  EXPECT_THAT(network->Run(input_, kBatch, AskForWeightedSum, std::span(gradient).first(7), gradient), StatusIs(kInvalid, HasSubstr("7")));
  EXPECT_THAT(network->Run(input_, kBatch, AskForWeightedSum, {}, std::span(gradient).first(7)), StatusIs(kInvalid, HasSubstr("7")));
}

}  // namespace
}  // namespace seedbed::nn
