#include "core/ascent/maximizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::ascent {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

graph::Graph SmallNet() {
  using nlohmann::json;
  return *graph::Graph::Create({
      {.name = "input", .type = "input", .config = {{"shape", {15, 18, 3}}}, .inputs = {}},
      {.name = "conv", .type = "conv2d", .config = {{"filters", 8}, {"kernel", 3}, {"activation", "relu"}}, .inputs = {"input"}},
      {.name = "conv2",
       .type = "conv2d",
       .config = {{"filters", 6}, {"kernel", 3}, {"strides", 2}, {"activation", "relu"}},
       .inputs = {"conv"}},
      {.name = "mean", .type = "global_average_pool", .inputs = {"conv2"}},
      {.name = "logits", .type = "dense", .config = {{"units", 4}}, .inputs = {"mean"}},
      {.name = "softmax", .type = "softmax", .inputs = {"logits"}},
  });
}

image::Preprocessing Prepared(image::ChannelOrder channels) {
  image::Preprocessing preprocessing = *image::PresetNamed("imagenet");
  preprocessing.width = 18;
  preprocessing.height = 15;
  preprocessing.channels = channels;
  return preprocessing;
}

class MaximizerTest : public ::testing::TestWithParam<Mode> {
 protected:
  MaximizerOptions Options(size_t batch = 8) const {
    const bool natural = GetParam() == Mode::kNatural;
    return {.mode = GetParam(), .steps = 40, .step_size = natural ? 0.05 : 0.1, .seed = 5, .batch = batch, .threads = 1};
  }

  std::vector<MaximizedPicture> Maximize(const graph::Objective& objective, const std::vector<size_t>& channels,
                                         const MaximizerOptions& options) const {
    auto maximizer = Maximizer::Create(objective, nn::WeightsOf(objective.graph, nn::ViewsOf(weights_)),
                                       Prepared(image::ChannelOrder::kBgr), {}, options);
    SB_EXPECT_OK(maximizer.status());
    auto pictures = maximizer->Run(channels, [](const Maximizer::Moment&) { return true; });
    SB_EXPECT_OK(pictures.status());
    return *std::move(pictures);
  }

  const graph::Graph graph_ = SmallNet();
  nn::TensorMap weights_ = nn::InitializeWeights(graph_, 3);
};

TEST_P(MaximizerTest, RaisesWhatItIsAskedTo) {
  const auto filters = Maximize(*graph::ObjectiveOf(graph_, "conv2"), {4, 0, 2}, Options());
  ASSERT_EQ(filters.size(), 3u);
  for (const MaximizedPicture& picture : filters) {
    EXPECT_EQ(picture.picture.width, 18);
    EXPECT_EQ(picture.picture.height, 15);
    EXPECT_GT(picture.reached.score, picture.start.score);
  }
  for (const bool softmax : {false, true}) {
    for (const MaximizedPicture& picture : Maximize(*graph::ClassObjective(graph_, softmax), {0, 1, 2, 3}, Options())) {
      EXPECT_GT(picture.reached.probability, picture.start.probability);
    }
  }
}

TEST_P(MaximizerTest, GivesEachPictureWhateverElseIsAskedForAndBatched) {
  const graph::Objective objective = *graph::ObjectiveOf(graph_, "conv2");
  const auto together = Maximize(objective, {4, 0, 2}, Options());
  EXPECT_EQ(Maximize(objective, {4, 0, 2}, Options())[1].picture.rgb, together[1].picture.rgb) << "the same seed gives the same bits";
  for (const auto& others : {Maximize(objective, {4, 0, 2}, Options(2)), Maximize(objective, {1, 0}, Options())}) {
    int largest = 0;
    for (size_t i = 0; i < together[1].picture.rgb.size(); ++i) {
      largest = std::max(largest, std::abs(together[1].picture.rgb[i] - others[1].picture.rgb[i]));
    }
    EXPECT_LE(largest, 1);
  }
  MaximizerOptions other_seed = Options();
  other_seed.seed = 6;
  EXPECT_NE(Maximize(objective, {4, 0, 2}, other_seed)[1].picture.rgb, together[1].picture.rgb);
}

TEST_P(MaximizerTest, BringsADeadFilterToLife) {
  std::vector<float> biases(6, 0);
  biases[2] = -1;
  weights_["conv2.bias"] = nn::Tensor::FromFloats({6}, biases);
  MaximizerOptions options = Options();
  options.steps = 300;
  const auto pictures = Maximize(*graph::ObjectiveOf(graph_, "conv2"), {2, 3}, options);
  EXPECT_EQ(pictures[0].start.score, 0);
  EXPECT_TRUE(pictures[0].hindrances.redirected);
  // The reference's picture has too little contrast to show it.
  if (GetParam() == Mode::kNatural) {
    EXPECT_GT(pictures[0].reached.score, 0);
  }
  EXPECT_FALSE(pictures[1].hindrances.redirected);
}

TEST_P(MaximizerTest, SaysWhatNothingMoves) {
  weights_["conv.weight"] = nn::Tensor::FromFloats({8, 3, 3, 3}, std::vector<float>(216, 0));
  const auto pictures = Maximize(*graph::ObjectiveOf(graph_, "conv2"), {1}, Options());
  EXPECT_TRUE(pictures[0].hindrances.stuck);
  EXPECT_GT(pictures[0].hindrances.restarts, 0);
}

TEST_P(MaximizerTest, StopsWithinAStepAndShowsWhatIsThere) {
  const graph::Objective objective = *graph::ObjectiveOf(graph_, "conv2");
  SB_ASSERT_OK_AND_ASSIGN(Maximizer maximizer, Maximizer::Create(objective, nn::WeightsOf(objective.graph, nn::ViewsOf(weights_)),
                                                                 Prepared(image::ChannelOrder::kRgb), {}, Options(2)));
  int calls = 0;
  const auto on_step = [&](const Maximizer::Moment& moment) {
    ++calls;
    if (calls <= 40) return true;
    EXPECT_EQ(moment.first, 2u);
    EXPECT_EQ(moment.count, 1u);
    EXPECT_EQ(moment.done.size(), 2u);
    EXPECT_EQ(moment.picture(0).width, 18);
    return moment.step < 3;
  };
  EXPECT_THAT(maximizer.Run(std::vector<size_t>{0, 1, 2}, on_step), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(calls, 43);
}

TEST_P(MaximizerTest, RefusesWhatIsNoPicture) {
  const graph::Graph graph = *graph::Graph::Create({{.name = "input", .type = "input", .config = {{"shape", {7}}}, .inputs = {}},
                                                    {.name = "dense", .type = "dense", .config = {{"units", 2}}, .inputs = {"input"}}});
  const nn::TensorMap weights = nn::InitializeWeights(graph, 1);
  const auto create = [&](const graph::Graph& of, const nn::TensorMap& with, std::vector<float> mean_image) {
    return Maximizer::Create({.graph = of}, nn::ViewsOf(with), Prepared(image::ChannelOrder::kRgb), std::move(mean_image), Options())
        .status();
  };
  EXPECT_THAT(create(graph, weights, {}), StatusIs(kInvalid, HasSubstr("no picture")));
  EXPECT_THAT(create(graph_, weights_, std::vector<float>(12)), StatusIs(kInvalid, HasSubstr("mean image")));
}

INSTANTIATE_TEST_SUITE_P(Modes, MaximizerTest, ::testing::Values(Mode::kNatural, Mode::kReference),
                         [](const auto& mode) { return mode.param == Mode::kNatural ? "Natural" : "Reference"; });

}  // namespace
}  // namespace seedbed::ascent
