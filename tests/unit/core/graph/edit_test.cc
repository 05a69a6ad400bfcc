#include "core/graph/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/philox.h"
#include "core/graph/architectures.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::graph {
namespace {

using nlohmann::json;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Graph Built(std::string_view name, int64_t side, int64_t classes) {
  return *BuildArchitecture(name, {.input_shape = {side, side, 3}, .classes = classes});
}

std::vector<std::string> NamesOf(const Graph& graph) {
  std::vector<std::string> names;
  for (const ResolvedLayer& layer : graph.layers()) names.push_back(layer.layer.name);
  return names;
}

std::vector<std::string> TrainableOf(const Graph& graph) {
  std::vector<std::string> names;
  for (const ResolvedLayer& layer : graph.layers()) {
    if (layer.trainable()) names.push_back(layer.layer.name);
  }
  return names;
}

Graph WithHead(const Graph& graph, const json& head, int64_t classes) { return *AppendHead(graph, head, classes); }

// A random net of convolutions, activations, norms, dropouts and sums of layers of one shape, some layers frozen.
Graph RandomGraph(uint64_t seed) {
  RandomStream random(seed, RandomPurpose::kGenerate);
  std::vector<Layer> layers = {{.name = "input", .type = "input", .config = {{"shape", {6, 6, 2}}}, .inputs = {}}};
  const auto count = 4 + random.NextBelow(12);
  for (uint32_t i = 0; i < count; ++i) {
    Layer layer{.name = absl::StrCat("layer", i), .type = "relu", .inputs = {layers.back().name}, .trainable = random.NextBelow(3) == 0};
    switch (random.NextBelow(5)) {
      case 0:
        layer.type = "conv2d";
        layer.config = {{"filters", 2}, {"kernel", 3}, {"padding", "same"}};
        break;
      case 1:
        layer.type = "batch_norm";
        break;
      case 2:
        layer.type = "dropout";
        layer.config = {{"rate", 0.5}};
        break;
      case 3:
        layer.type = "add";
        layer.inputs.push_back(layers[random.NextBelow(static_cast<uint32_t>(layers.size()))].name);
        break;
      default:
        break;
    }
    layers.push_back(layer);
  }
  return *Graph::Create(layers);
}

json JoinedJson(const Graph& front, const Graph& tail) {
  json joined = front.ToJson();
  for (size_t i = 1; i < tail.layers().size(); ++i) joined.push_back(tail.ToJson()[i]);
  return joined;
}

TEST(FindLayer, SuggestsTheNearest) {
  const Graph graph = Built("vgg16", 32, 0);
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer* found, FindLayer(graph, "block5_pool"));
  EXPECT_EQ(found->layer.name, "block5_pool");
  EXPECT_THAT(FindLayer(graph, "blok5_pool"),
              StatusIs(kInvalid, AllOf(HasSubstr("'blok5_pool'"), HasSubstr("did you mean 'block5_pool'?"))));
  EXPECT_THAT(FindLayer(graph, "avgpool"), StatusIs(kInvalid, HasSubstr("its last layers are block4_conv1, ")));
  EXPECT_THAT(FindLayer(Built("logistic", 4, 2), "x"), StatusIs(kInvalid, HasSubstr("it has input, flatten, dense, softmax")));
}

TEST(CutAt, KeepsWhatTheLayerNeeds) {
  const Graph vgg = Built("vgg16", 32, 10);
  SB_ASSERT_OK_AND_ASSIGN(const Graph features, CutAt(vgg, "block5_pool"));
  EXPECT_EQ(features.ToJson(), Built("vgg16", 32, 0).ToJson());
  SB_ASSERT_OK_AND_ASSIGN(const Graph same, CutAt(vgg, "softmax"));
  EXPECT_EQ(same.ToJson(), vgg.ToJson());
  SB_ASSERT_OK_AND_ASSIGN(const Graph nothing, CutAt(vgg, "input"));
  EXPECT_THAT(NamesOf(nothing), ElementsAre("input"));
  EXPECT_THAT(CutAt(vgg, "fc3"), StatusIs(kInvalid, HasSubstr("did you mean 'fc1'?")));
}

TEST(CutAt, DropsOtherBranches) {
  const Graph resnet = Built("resnet50", 32, 0);
  const std::vector<std::string> stem = {"input", "conv1_conv", "conv1_bn", "conv1_relu", "pool1_pool"};
  SB_ASSERT_OK_AND_ASSIGN(const Graph branch, CutAt(resnet, "conv2_block1_1_relu"));
  std::vector<std::string> expected = stem;
  expected.insert(expected.end(), {"conv2_block1_1_conv", "conv2_block1_1_bn", "conv2_block1_1_relu"});
  EXPECT_THAT(NamesOf(branch), ElementsAreArray(expected));
  SB_ASSERT_OK_AND_ASSIGN(const Graph shortcut, CutAt(resnet, "conv2_block1_0_bn"));
  expected = stem;
  expected.insert(expected.end(), {"conv2_block1_0_conv", "conv2_block1_0_bn"});
  EXPECT_THAT(NamesOf(shortcut), ElementsAreArray(expected));
}

TEST(InsertBehindInput, OthersTakeFromTheNewLayer) {
  SB_ASSERT_OK_AND_ASSIGN(const Graph net, InsertBehindInput(Built("logistic", 4, 3), "zca_whitening", "whiten"));
  EXPECT_THAT(NamesOf(net), ElementsAre("input", "zca_whitening", "flatten", "dense", "softmax"));
  EXPECT_THAT(net.layers()[2].layer.inputs, ElementsAre("zca_whitening"));
  EXPECT_EQ(net.non_trainable_parameter_count(), 48 * 48);
}

TEST(PopLayers, AsKerasDoes) {
  const Graph vgg = Built("vgg16", 32, 10);
  SB_ASSERT_OK_AND_ASSIGN(const Graph popped, PopLayers(vgg, 2));
  EXPECT_EQ(NamesOf(popped).back(), "fc2");
  EXPECT_THAT(popped.output_shape(), ElementsAre(4096));
  SB_ASSERT_OK_AND_ASSIGN(const Graph all, PopLayers(vgg, 23));
  EXPECT_THAT(NamesOf(all), ElementsAre("input"));
  for (const int64_t count : {-1, 0, 24}) {
    EXPECT_THAT(PopLayers(vgg, count), StatusIs(kInvalid, AllOf(HasSubstr(absl::StrCat("pop ", count, " layers")), HasSubstr("has 23"))));
  }
}

TEST(PopLayers, DropsTheOtherSideOfASum) {
  const Graph resnet = Built("resnet18", 32, 0);
  SB_ASSERT_OK_AND_ASSIGN(const Graph branch, PopLayers(resnet, 2));
  EXPECT_EQ(NamesOf(branch).back(), "conv5_block2_2_bn");
  SB_ASSERT_OK_AND_ASSIGN(const Graph projected, CutAt(resnet, "conv5_block1_out"));
  SB_ASSERT_OK_AND_ASSIGN(const Graph widened, PopLayers(projected, 2));
  EXPECT_EQ(NamesOf(widened).back(), "conv5_block1_2_bn");
  EXPECT_EQ(widened.Find("conv5_block1_0_conv"), nullptr);
}

TEST(AppendHead, TakesAListOfLayers) {
  const json head = {"flatten", {{"dense", 256}}, "relu", {{"dropout", 0.5}}, {{"dense", "classes"}}};
  SB_ASSERT_OK_AND_ASSIGN(const Graph whole, AppendHead(Built("vgg16", 32, 0), head, 12));
  const std::vector<std::string> names = NamesOf(whole);
  EXPECT_THAT(std::vector<std::string>(names.end() - 7, names.end()),
              ElementsAre("block5_pool", "head_flatten", "head_dense", "head_relu", "head_dropout", "head_dense_1", "head_softmax"));
  EXPECT_THAT(whole.Find("head_dense")->output_shape, ElementsAre(256));
  EXPECT_EQ(whole.Find("head_dropout")->settings.rate, 0.5);
  EXPECT_THAT(whole.output_shape(), ElementsAre(12));
  EXPECT_EQ(LogitsLayer(whole).layer.name, "head_dense_1");
}

TEST(AppendHead, TakesASmallNetOfOnesOwn) {
  const json head = json::parse(R"([{"conv2d": {"filters": 16, "kernel": 3, "padding": "same", "bias": false}}, "batch_norm", "relu",
                                    {"max_pool": 2}, {"depthwise_conv2d": 3}, {"relu": 6}, {"average_pool": [2, 1]}, "global_max_pool",
                                    {"dense": {"units": "classes", "bias": false}}, "softmax"])");
  SB_ASSERT_OK_AND_ASSIGN(const Graph net, AppendHead(Built("logistic", 16, 0), head, 3));
  EXPECT_THAT(NamesOf(net), ElementsAre("input", "head_conv2d", "head_batch_norm", "head_relu", "head_max_pool", "head_depthwise_conv2d",
                                        "head_relu_1", "head_average_pool", "head_global_max_pool", "head_dense", "head_softmax"));
  EXPECT_THAT(net.Find("head_average_pool")->output_shape, ElementsAre(3, 6, 16));
  EXPECT_EQ(net.Find("head_relu_1")->settings.activation.ceiling, 6);
  EXPECT_THAT(net.output_shape(), ElementsAre(3));
}

TEST(AppendHead, NamesGoOnWhereOthersEnd) {
  const Graph once = WithHead(Built("logistic", 4, 0), {"flatten", {{"dense", 3}}}, 3);
  SB_ASSERT_OK_AND_ASSIGN(const Graph popped, PopLayers(once, 1));
  SB_ASSERT_OK_AND_ASSIGN(const Graph twice, AppendHead(popped, {"relu", {{"dense", "classes"}}}, 5));
  EXPECT_THAT(NamesOf(twice), ElementsAre("input", "head_flatten", "head_dense", "head_relu", "head_dense_1", "head_softmax"));
}

TEST(AppendHead, RefusesWhatDoesNotFit) {
  const Graph features = Built("vgg16", 32, 0);
  const auto with = [&](const char* head) { return AppendHead(features, json::parse(head), 12); };
  EXPECT_THAT(with(R"([{"dense": "classes"}])"),
              StatusIs(kInvalid, AllOf(HasSubstr("'head_dense' (dense)"), HasSubstr("1x1x512"), HasSubstr("flatten first"))));
  EXPECT_THAT(with(R"(["flatten", {"dense": 10}])"),
              StatusIs(kInvalid, AllOf(HasSubstr("'head_dense'"), HasSubstr("with 10 values, but there are 12 classes"))));
  EXPECT_THAT(with(R"(["flatten", {"dense": 10}, "softmax"])"), StatusIs(kInvalid, HasSubstr("10 values")));
  EXPECT_THAT(with(R"([{"conv2d": {"filters": 12, "kernel": 1}}])"), StatusIs(kInvalid, HasSubstr("1x1x12 values")));
  EXPECT_THAT(with(R"(["flaten"])"), StatusIs(kInvalid, AllOf(HasSubstr(R"("flaten")"), HasSubstr("did you mean 'flatten'?"))));
  EXPECT_THAT(with(R"(["transformer"])"), StatusIs(kInvalid, HasSubstr("layers are flatten, dense, softmax, relu, dropout, conv2d")));
  EXPECT_THAT(with(R"(["add"])"), StatusIs(kInvalid, HasSubstr("is not known")));
  EXPECT_THAT(with(R"([{"input": [3]}])"), StatusIs(kInvalid, HasSubstr("is not known")));
  EXPECT_THAT(with(R"([{"flatten": 3}])"), StatusIs(kInvalid, HasSubstr("no settings")));
  EXPECT_THAT(with(R"([{"dense": 3, "relu": 6}])"), StatusIs(kInvalid, HasSubstr("neither")));
  EXPECT_THAT(with(R"(["flatten", "dense"])"), StatusIs(kInvalid, HasSubstr("needs units")));
  EXPECT_THAT(with(R"(["flatten", {"dense": "many"}])"), StatusIs(kInvalid, HasSubstr("units must be a positive integer, not \"many\"")));
  for (const char* text : {"[]", "{}", "null", "\"flatten\"", "[3]", "[[]]", "[null]"}) EXPECT_THAT(with(text), StatusIs(kInvalid)) << text;
  EXPECT_THAT(AppendHead(Built("vgg16", 32, 10), {"flatten"}, 10),
              StatusIs(kInvalid, HasSubstr("probabilities already (layer 'softmax')")));
}

TEST(SetTrainable, Patterns) {
  const Graph whole = WithHead(Built("vgg16", 32, 0), {"flatten", {{"dense", 8}}, {{"dense", "classes"}}}, 3);
  const auto with = [&](const std::vector<std::string>& patterns) { return TrainableOf(*SetTrainable(whole, patterns)); };
  EXPECT_EQ(with({"all"}), TrainableOf(whole));
  EXPECT_THAT(with({"none"}), IsEmpty());
  EXPECT_THAT(with({}), IsEmpty());
  EXPECT_THAT(with({"head"}), ElementsAre("head_dense", "head_dense_1"));
  EXPECT_THAT(with({"block5_*", "head"}), ElementsAre("block5_conv1", "block5_conv2", "block5_conv3", "head_dense", "head_dense_1"));
  EXPECT_THAT(with({"*_conv3"}), ElementsAre("block3_conv3", "block4_conv3", "block5_conv3"));
  EXPECT_THAT(with({"*l*k4*v*"}), ElementsAre("block4_conv1", "block4_conv2", "block4_conv3"));
  EXPECT_THAT(with({"block1_conv1", "none"}), ElementsAre("block1_conv1"));
  EXPECT_EQ(with({"*"}), TrainableOf(whole));
}

TEST(SetTrainable, TheHeadOfANetWithATopIsWhatMakesTheLogits) {
  SB_ASSERT_OK_AND_ASSIGN(const Graph graph, SetTrainable(Built("resnet18", 32, 4), std::vector<std::string>{"head"}));
  EXPECT_THAT(TrainableOf(graph), ElementsAre("predictions"));
}

TEST(SetTrainable, APatternThatNothingHasIsAnError) {
  const Graph graph = Built("vgg16", 32, 2);
  const auto with = [&](const char* pattern) { return SetTrainable(graph, std::vector<std::string>{"all", pattern}); };
  EXPECT_THAT(with("blok5_conv1"), StatusIs(kInvalid, AllOf(HasSubstr("'blok5_conv1'"), HasSubstr("did you mean 'block5_conv1'?"))));
  EXPECT_THAT(with("block6_*"), StatusIs(kInvalid, HasSubstr("'block6_*'")));
  EXPECT_THAT(with(""), StatusIs(kInvalid));
  // Many stars take no longer than a few.
  const std::string stars = std::string(200, 'a') + absl::StrCat("*b*c*d", std::string(500, '*'), "e");
  EXPECT_THAT(with(stars.c_str()), StatusIs(kInvalid));
}

TEST(FrozenPart, EndsBeforeWhatIsTrained) {
  const Graph whole = WithHead(Built("vgg16", 32, 0), {"flatten", {{"dropout", 0.5}}, {{"dense", "classes"}}}, 3);
  const auto frozen = [&](const std::vector<std::string>& patterns) {
    const Graph graph = *SetTrainable(whole, patterns);
    return FrozenPart(graph).layer.name;
  };
  EXPECT_EQ(frozen({"head"}), "head_flatten");  // a dropout differs from step to step
  EXPECT_EQ(frozen({"head_dense"}), "head_dropout");
  EXPECT_EQ(frozen({"block5_*", "head"}), "block4_pool");
  EXPECT_EQ(frozen({"all"}), "input");
  EXPECT_EQ(frozen({"none"}), "head_softmax");
}

TEST(FrozenPart, DoesNotPartASum) {
  const Graph resnet = WithHead(Built("resnet50", 32, 0), {"global_average_pool", {{"dense", "classes"}}}, 3);
  const auto frozen = [&](const std::vector<std::string>& patterns) {
    const Graph graph = *SetTrainable(resnet, patterns);
    return FrozenPart(graph).layer.name;
  };
  EXPECT_EQ(frozen({"head"}), "head_global_average_pool");
  EXPECT_EQ(frozen({"conv5_block3_3_bn", "head"}), "conv5_block2_out");
  EXPECT_EQ(frozen({"conv5_*", "head"}), "conv4_block6_out");
  EXPECT_EQ(frozen({"conv1_bn"}), "conv1_conv");
}

TEST(TailAfter, StartsWithTheLayersOutput) {
  const Graph whole = WithHead(Built("vgg16", 150, 0), {"flatten", {{"dense", "classes"}}}, 12);
  SB_ASSERT_OK_AND_ASSIGN(const Graph tail, TailAfter(whole, "block5_pool"));
  EXPECT_THAT(NamesOf(tail), ElementsAre("block5_pool", "head_flatten", "head_dense", "head_softmax"));
  EXPECT_THAT(tail.input_shape(), ElementsAre(4, 4, 512));
  EXPECT_EQ(tail.parameter_count(), 98'316);
  SB_ASSERT_OK_AND_ASSIGN(const Graph all, TailAfter(whole, "input"));
  EXPECT_EQ(all.ToJson(), whole.ToJson());
  EXPECT_THAT(TailAfter(whole, "block5_pol"), StatusIs(kInvalid, HasSubstr("did you mean")));
  EXPECT_THAT(TailAfter(Built("resnet18", 32, 2), "conv2_block1_1_bn"),
              StatusIs(kInvalid, AllOf(HasSubstr("'conv2_block1_1_bn'"), HasSubstr("'conv2_block1_add' takes 'pool1_pool'"))));
}

// Over random nets: where a net can be parted, its parts are the whole; where it cannot, something passes by.
TEST(Edits, PartsJoinToTheWhole) {
  size_t parted = 0, refused = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Graph graph = RandomGraph(seed);
    SB_ASSERT_OK_AND_ASSIGN(const Graph again, Graph::FromJson(json::parse(graph.ToJson().dump())));
    EXPECT_EQ(again.ToJson(), graph.ToJson());
    for (const std::string& name : NamesOf(graph)) {
      SB_ASSERT_OK_AND_ASSIGN(const Graph front, CutAt(graph, name));
      EXPECT_EQ(front.layers().back().layer.name, name);
      EXPECT_EQ(front.output_shape(), graph.Find(name)->output_shape);
      const absl::StatusOr<Graph> tail = TailAfter(graph, name);
      if (!tail.ok()) {
        EXPECT_THAT(tail, StatusIs(kInvalid, HasSubstr("cannot be parted")));
        ++refused;
        continue;
      }
      ++parted;
      EXPECT_EQ(tail->input_shape(), front.output_shape());
      EXPECT_EQ(JoinedJson(front, *tail), graph.ToJson()) << seed << " " << name;
      EXPECT_EQ(front.parameter_count() + tail->parameter_count(), graph.parameter_count());
    }
  }
  EXPECT_GT(parted, 500);
  EXPECT_GT(refused, 100);
}

TEST(Edits, TheFrozenPartIsAllThatCanBeKept) {
  const auto is_active = [](const ResolvedLayer& layer) { return layer.active_in_training(); };
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Graph graph = RandomGraph(seed);
    const std::string frozen = FrozenPart(graph).layer.name;
    std::optional<std::string> last;
    for (const std::string& name : NamesOf(graph)) {
      SB_ASSERT_OK_AND_ASSIGN(const Graph front, CutAt(graph, name));
      const bool is_still = std::none_of(front.layers().begin(), front.layers().end(), is_active);
      if (is_still && TailAfter(graph, name).ok()) last = name;
    }
    EXPECT_EQ(frozen, last) << seed;
  }
}

}  // namespace
}  // namespace seedbed::graph
