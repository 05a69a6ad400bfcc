#include "core/nn/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/graph/architectures.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::nn {
namespace {

using ::testing::Each;

TEST(Weights, InitialOnesAreGlorotUniform) {
  SB_ASSERT_OK_AND_ASSIGN(const graph::Graph graph, graph::BuildArchitecture("logistic", {.input_shape = {150, 150, 3}, .classes = 12}));
  const TensorMap weights = InitializeWeights(graph, 0);
  const std::vector<float> values = FloatsOf(weights.at("dense.weight").view());
  ASSERT_EQ(values.size(), 810'000);
  const float limit = std::sqrt(6.0f / (67'500 + 12));  // 0.009427
  double sum = 0, squares = 0;
  float largest = 0;
  for (const float value : values) {
    largest = std::max(largest, std::abs(value));
    sum += value;
    squares += double{value} * value;
  }
  EXPECT_LE(largest, limit);
  EXPECT_GT(largest, 0.999f * limit);
  EXPECT_NEAR(sum / 810'000, 0, 3e-5);
  EXPECT_NEAR(squares / 810'000, limit * limit / 3, 1e-7);
  for (const float value : FloatsOf(weights.at("dense.bias").view())) EXPECT_EQ(value, 0);
  EXPECT_EQ(WeightsSha256(ViewsOf(weights)), WeightsSha256(ViewsOf(InitializeWeights(graph, 0))));
  EXPECT_NE(WeightsSha256(ViewsOf(weights)), WeightsSha256(ViewsOf(InitializeWeights(graph, 1))));
}

// The largest of so many uniform values is all but the limit.
void ExpectLimit(const TensorMap& weights, const std::string& name, float limit) {
  float largest = 0;
  for (const float value : FloatsOf(weights.at(name).view())) largest = std::max(largest, std::abs(value));
  EXPECT_LE(largest, limit) << name;
  EXPECT_GT(largest, 0.98f * limit) << name;
}

TEST(Weights, ConvolutionsCountTheirPositions) {
  SB_ASSERT_OK_AND_ASSIGN(const graph::Graph graph, graph::BuildArchitecture("efficientnet_lite0", {.input_shape = {32, 32, 3}}));
  const TensorMap weights = InitializeWeights(graph, 5);
  ExpectLimit(weights, "stem_conv.weight", std::sqrt(6.0f / (9 * 3 + 9 * 32)));
  ExpectLimit(weights, "block2a_expand_conv.weight", std::sqrt(6.0f / (16 + 96)));
  ExpectLimit(weights, "block3a_dwconv.weight", std::sqrt(6.0f / (25 * 144 + 25)));
}

TEST(Weights, BatchNormsChangeNothingAtFirst) {
  SB_ASSERT_OK_AND_ASSIGN(const graph::Graph graph, graph::BuildArchitecture("resnet18", {.input_shape = {32, 32, 3}}));
  const TensorMap weights = InitializeWeights(graph, 5);
  for (const auto& [leaf, value] :
       {std::pair("weight", 1), std::pair("bias", 0), std::pair("running_mean", 0), std::pair("running_var", 1)}) {
    EXPECT_THAT(FloatsOf(weights.at(std::string("conv1_bn.") + leaf).view()), Each(value)) << leaf;
  }
  SB_EXPECT_OK(CheckWeights(graph, ViewsOf(weights)));
}

}  // namespace
}  // namespace seedbed::nn
