#include "core/nn/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/philox.h"
#include "core/graph/architectures.h"
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

graph::Graph Logistic() { return *graph::BuildArchitecture("logistic", {.input_shape = {2, 3, 3}, .classes = 4}); }

std::vector<float> RandomInput(size_t count) {
  RandomStream random(3, RandomPurpose::kGenerate);
  std::vector<float> values(count);
  for (float& value : values) value = random.NextUniform();
  return values;
}

TEST(Network, ComputesLogitsAndProbabilities) {
  const graph::Graph graph = Logistic();
  TensorMap weights = InitializeWeights(graph, 1);
  weights["dense.bias"] = Tensor::FromFloats({4}, std::vector<float>{0.5f, -1, 0, 2});
  SB_ASSERT_OK_AND_ASSIGN(const auto network, Network::Create(graph, ViewsOf(weights)));
  const std::vector<float> input = RandomInput(2 * 18);
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> logits, network->Run(input, 2, LogitsLayer(graph).layer.name));
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> probabilities, network->Run(input, 2, "softmax"));
  const std::vector<float> weight = FloatsOf(weights.at("dense.weight").view()), bias = FloatsOf(weights.at("dense.bias").view());
  for (size_t example = 0; example < 2; ++example) {
    double total = 0;
    std::vector<double> exact(4);
    for (size_t k = 0; k < 4; ++k) {
      exact[k] = bias[k];
      for (size_t f = 0; f < 18; ++f) exact[k] += double{weight[k * 18 + f]} * input[example * 18 + f];
      total += std::exp(exact[k]);
    }
    for (size_t k = 0; k < 4; ++k) {
      EXPECT_NEAR(logits[example * 4 + k], exact[k], 1e-5);
      EXPECT_NEAR(probabilities[example * 4 + k], std::exp(exact[k]) / total, 1e-6);
    }
  }
}

TEST(Network, FlattensImagesInKerasOrder) {
  const graph::Graph graph = Logistic();
  const TensorMap weights = InitializeWeights(graph, 1);
  SB_ASSERT_OK_AND_ASSIGN(const auto network, Network::Create(graph, ViewsOf(weights)));
  const std::vector<float> input = RandomInput(18);
  EXPECT_THAT(network->Run(input, 1, "flatten"), testing::IsOkAndHolds(input));
  EXPECT_THAT(network->Run(input, 1, "input"), testing::IsOkAndHolds(input));
}

TEST(Network, GivesTheActivationsOfSeveralLayersInOnePass) {
  const graph::Graph graph = EveryLayerGraph();
  const TensorMap weights = LivelyWeights(graph, 1);
  SB_ASSERT_OK_AND_ASSIGN(const auto network, Network::Create(graph, ViewsOf(weights)));
  const std::vector<float> input = RandomValues(2 * static_cast<size_t>(graph::ElementsOf(graph.input_shape())), 2);
  const auto expected = RunNaively(graph, ViewsOf(weights), input, 2);
  std::vector<std::string> layers;
  std::vector<std::vector<float>> values;
  for (const auto& [layer, activation] : expected) {
    layers.push_back(layer);
    values.emplace_back(activation.size());
  }
  const std::vector<std::span<float>> outputs(values.begin(), values.end());
  ASSERT_THAT(network->RunInto(input, 2, layers, outputs), IsOk());
  for (size_t i = 0; i < layers.size(); ++i) EXPECT_LT(DistanceFrom(expected.at(layers[i]), values[i]), 1e-5) << layers[i];
}

TEST(Network, RefusesWhatDoesNotFit) {
  const graph::Graph graph = Logistic();
  TensorMap weights = InitializeWeights(graph, 1);
  SB_ASSERT_OK_AND_ASSIGN(const auto network, Network::Create(graph, ViewsOf(weights)));
  EXPECT_THAT(network->Run(RandomInput(17), 1, "softmax"), StatusIs(kInvalid, AllOf(HasSubstr("2x3x3"), HasSubstr("17"))));
  EXPECT_THAT(network->Run({}, 0, "softmax"), StatusIs(kInvalid));
  EXPECT_THAT(network->Run(RandomInput(18), 1, "soft"), StatusIs(kInvalid, HasSubstr("'soft'")));
  weights.erase("dense.bias");
  EXPECT_THAT(Network::Create(graph, ViewsOf(weights)), StatusIs(kInvalid, HasSubstr("dense.bias")));
}

}  // namespace
}  // namespace seedbed::nn
