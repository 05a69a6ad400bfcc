#include "core/ascent/scored_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/testing/status_matchers.h"

namespace seedbed::ascent {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;

// A network that passes on its three channels, each with a weight and a bias of its own.
std::unique_ptr<ScoredNetwork> Scaled(const std::string& activation, std::array<float, 3> weights, std::array<float, 3> biases) {
  nlohmann::json config = {{"kernel", 1}};
  if (!activation.empty()) config["activation"] = activation;
  const auto graph = graph::Graph::Create({{.name = "input", .type = "input", .config = {{"shape", {1, 2, 3}}}, .inputs = {}},
                                           {.name = "conv", .type = "depthwise_conv2d", .config = config, .inputs = {"input"}}});
  SB_EXPECT_OK(graph.status());
  const nn::TensorMap tensors = {{"conv.weight", nn::Tensor::FromFloats({3, 1, 1, 1}, weights)},
                                 {"conv.bias", nn::Tensor::FromFloats({3}, biases)}};
  auto network = ScoredNetwork::Create(*graph::ObjectiveOf(*graph, "conv"), nn::ViewsOf(tensors), {});
  SB_EXPECT_OK(network.status());
  return *std::move(network);
}

struct Climbed {
  std::vector<float> gradient;
  Way way = Way::kOpen;
  double score = 0;
};

Climbed Climb(const ScoredNetwork& network, const std::vector<float>& input, size_t channel) {
  Climbed climbed{.gradient = std::vector<float>(input.size())};
  SB_EXPECT_OK(network.Gradient(input, {&channel, 1}, climbed.gradient, {&climbed.way, 1}));
  const auto scores = network.Scores(input, {&channel, 1});
  SB_EXPECT_OK(scores.status());
  climbed.score = (*scores)[0].score;
  return climbed;
}

TEST(ScoredNetwork, ScoresTheMeanBehindTheRectifier) {
  const auto network = Scaled("relu", {1, 2, 1}, {0, 0, 0});
  const Climbed climbed = Climb(*network, {9, 3, 9, 9, -1, 9}, 1);
  EXPECT_EQ(climbed.score, 3);  // of 6 and 0
  EXPECT_EQ(climbed.way, Way::kOpen);
  EXPECT_THAT(climbed.gradient, ElementsAre(0, 1, 0, 0, 0, 0));  // 2 / 2 where it is not 0
}

TEST(ScoredNetwork, FollowsWhatIsBeforeADeadRectifier) {
  const auto network = Scaled("relu", {1, 2, 1}, {0, -100, 0});
  const Climbed climbed = Climb(*network, {9, 3, 9, 9, -1, 9}, 1);
  EXPECT_EQ(climbed.score, 0);
  EXPECT_EQ(climbed.way, Way::kRedirected);
  EXPECT_THAT(climbed.gradient, ElementsAre(0, 1, 0, 0, 1, 0));
}

TEST(ScoredNetwork, KnowsAFlatFloorFromACeiling) {
  EXPECT_EQ(Climb(*Scaled("relu", {1, 0, 1}, {0, -1, 0}), std::vector<float>(6, 1), 1).way, Way::kBlocked);
  const Climbed full = Climb(*Scaled("relu6", {1, 2, 1}, {0, 0, 0}), std::vector<float>(6, 100), 1);
  EXPECT_EQ(full.way, Way::kOpen);
  EXPECT_EQ(full.score, 6);
  EXPECT_THAT(full.gradient, Each(0.0f));
}

std::unique_ptr<ScoredNetwork> Classifier(bool softmax, float bias) {
  const auto graph = graph::Graph::Create({{.name = "input", .type = "input", .config = {{"shape", {1, 1, 3}}}, .inputs = {}},
                                           {.name = "flatten", .type = "flatten", .inputs = {"input"}},
                                           {.name = "dense", .type = "dense", .config = {{"units", 2}}, .inputs = {"flatten"}},
                                           {.name = "softmax", .type = "softmax", .inputs = {"dense"}}});
  SB_EXPECT_OK(graph.status());
  const std::vector<float> weights = {1, 0, 0, 0, 1, 0}, biases = {bias, 0};
  const nn::TensorMap tensors = {{"dense.weight", nn::Tensor::FromFloats({2, 3}, weights)},
                                 {"dense.bias", nn::Tensor::FromFloats({2}, biases)}};
  auto network = ScoredNetwork::Create(*graph::ClassObjective(*graph, softmax), nn::ViewsOf(tensors), {});
  SB_EXPECT_OK(network.status());
  return *std::move(network);
}

TEST(ScoredNetwork, ScoresClassesByLogitOrProbability) {
  const Climbed logit = Climb(*Classifier(false, 0), {2, 1, 0}, 0);
  EXPECT_EQ(logit.score, 2);
  EXPECT_THAT(logit.gradient, ElementsAre(1, 0, 0));
  const Climbed share = Climb(*Classifier(true, 0), {2, 1, 0}, 0);
  const double p = 1 / (1 + std::exp(-1.0));
  const auto slope = static_cast<float>(p * (1 - p));
  EXPECT_NEAR(share.score, p, 1e-6);
  EXPECT_THAT(share.gradient, ElementsAre(FloatNear(slope, 1e-6f), FloatNear(-slope, 1e-6f), 0));
}

TEST(ScoredNetwork, FollowsTheLogitOfAHopelessClassAndRestsAtACertainOne) {
  const Climbed hopeless = Climb(*Classifier(true, -200), {2, 1, 0}, 0);
  EXPECT_EQ(hopeless.way, Way::kRedirected);
  EXPECT_THAT(hopeless.gradient, ElementsAre(1, 0, 0));
  const Climbed certain = Climb(*Classifier(true, 200), {2, 1, 0}, 0);
  EXPECT_EQ(certain.way, Way::kOpen);
  EXPECT_EQ(certain.score, 1);
}

}  // namespace
}  // namespace seedbed::ascent
