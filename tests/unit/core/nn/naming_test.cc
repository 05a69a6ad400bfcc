#include "core/nn/naming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "core/graph/architectures.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::nn {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::vector<std::string> NamesIn(std::string_view naming, std::string_view layer, std::string_view leaf = "weight") {
  for (const Naming& known : Namings()) {
    if (known.name == naming) return known.names(layer, leaf);
  }
  ADD_FAILURE() << "no naming " << naming;
  return {};
}

// A dense layer of each name behind the other.
graph::Graph Chain(const std::vector<std::string>& names) {
  std::vector<graph::Layer> layers = {{.name = "input", .type = "input", .config = {{"shape", {2}}}, .inputs = {}}};
  for (const std::string& name : names) {
    layers.push_back({.name = name, .type = "dense", .config = {{"units", 2}}, .inputs = {layers.back().name}});
  }
  return *graph::Graph::Create(layers);
}

// Flatten of 2 x 2 x 3, and a dense layer of 2 units.
graph::Graph Flattened(const std::string& name) {
  return *graph::Graph::Create({
      {.name = "input", .type = "input", .config = {{"shape", {2, 2, 3}}}, .inputs = {}},
      {.name = "flatten", .type = "flatten", .inputs = {"input"}},
      {.name = name, .type = "dense", .config = {{"units", 2}}, .inputs = {"flatten"}},
  });
}

// The graph's tensors under the naming's names, each with values of its own.
TensorMap FileOf(const graph::Graph& graph, std::string_view naming) {
  TensorMap file;
  float value = 1;
  for (const graph::Parameter& parameter : graph.parameters()) {
    const size_t dot = parameter.name.rfind('.');
    const std::vector<std::string> names = NamesIn(naming, parameter.name.substr(0, dot), parameter.name.substr(dot + 1));
    std::vector<float> values(static_cast<size_t>(graph::ElementsOf(parameter.shape)));
    for (float& one : values) one = value++;
    file[names.front()] = Tensor::FromFloats(parameter.shape, values);
  }
  return file;
}

TEST(Naming, Keras) {
  EXPECT_THAT(NamesIn("keras", "block1_conv1"), Contains("block1_conv1/kernel"));
  EXPECT_THAT(NamesIn("keras", "block1a_dwconv"), Contains("block1a_dwconv/depthwise_kernel"));
  EXPECT_THAT(NamesIn("keras", "conv1_bn"), Contains("conv1_bn/gamma"));
  EXPECT_THAT(NamesIn("keras", "conv1_bn", "bias"), ElementsAre("conv1_bn/bias", "conv1_bn/beta"));
  EXPECT_THAT(NamesIn("keras", "conv1_bn", "running_mean"), ElementsAre("conv1_bn/moving_mean"));
  EXPECT_THAT(NamesIn("keras", "conv1_bn", "running_var"), ElementsAre("conv1_bn/moving_variance"));
}

TEST(Naming, TorchvisionVgg) {
  EXPECT_THAT(NamesIn("torchvision", "block1_conv1"), ElementsAre("features.0.weight"));
  EXPECT_THAT(NamesIn("torchvision", "block3_conv2", "bias"), ElementsAre("features.12.bias"));
  EXPECT_THAT(NamesIn("torchvision", "block5_conv3"), ElementsAre("features.28.weight"));
  EXPECT_THAT(NamesIn("torchvision", "fc1"), ElementsAre("classifier.0.weight"));
  EXPECT_THAT(NamesIn("torchvision", "fc2"), ElementsAre("classifier.3.weight"));
  EXPECT_THAT(NamesIn("torchvision", "predictions"), Contains("classifier.6.weight"));
  EXPECT_THAT(NamesIn("torchvision", "block6_conv1"), IsEmpty());
}

TEST(Naming, TorchvisionResnet) {
  const std::map<std::string, std::string> expected = {
      {"conv1_conv", "conv1.weight"},
      {"conv1_bn", "bn1.weight"},
      {"conv2_block1_0_conv", "layer1.0.downsample.0.weight"},
      {"conv2_block1_0_bn", "layer1.0.downsample.1.weight"},
      {"conv2_block1_1_conv", "layer1.0.conv1.weight"},
      {"conv2_block3_3_bn", "layer1.2.bn3.weight"},
      {"conv4_block6_2_conv", "layer3.5.conv2.weight"},
      {"conv5_block2_2_bn", "layer4.1.bn2.weight"},
  };
  for (const auto& [ours, theirs] : expected) {
    EXPECT_THAT(NamesIn("torchvision", ours), ElementsAre(theirs)) << ours;
    EXPECT_THAT(NamesIn("timm", ours), ElementsAre(theirs)) << ours;
  }
  EXPECT_THAT(NamesIn("torchvision", "predictions"), Contains("fc.weight"));
  EXPECT_THAT(NamesIn("torchvision", "conv1_bn", "running_var"), ElementsAre("bn1.running_var"));
  for (const char* strange :
       {"conv", "conv2_", "conv2_block", "conv2_block1_", "conv2_block1_1", "conv2_block1_1_relu", "conv99999_block1_1_bn"}) {
    EXPECT_THAT(NamesIn("torchvision", strange), IsEmpty()) << strange;
  }
}

TEST(Naming, EfficientNetLite) {
  struct Row {
    std::string ours, timm, lite;
  };
  for (const Row& row : {
           Row{"stem_conv", "conv_stem", "_conv_stem"},
           Row{"stem_bn", "bn1", "_bn0"},
           Row{"block1a_dwconv", "blocks.0.0.conv_dw", "_blocks.0._depthwise_conv"},
           Row{"block1a_bn", "blocks.0.0.bn1", "_blocks.0._bn1"},
           Row{"block1a_project_conv", "blocks.0.0.conv_pw", "_blocks.0._project_conv"},
           Row{"block1a_project_bn", "blocks.0.0.bn2", "_blocks.0._bn2"},
           Row{"block2a_expand_conv", "blocks.1.0.conv_pw", "_blocks.1._expand_conv"},
           Row{"block2b_expand_bn", "blocks.1.1.bn1", "_blocks.2._bn0"},
           Row{"block4c_dwconv", "blocks.3.2.conv_dw", "_blocks.7._depthwise_conv"},
           Row{"block6d_bn", "blocks.5.3.bn2", "_blocks.14._bn1"},
           Row{"block7a_project_conv", "blocks.6.0.conv_pwl", "_blocks.15._project_conv"},
           Row{"block7a_project_bn", "blocks.6.0.bn3", "_blocks.15._bn2"},
           Row{"top_conv", "conv_head", "_conv_head"},
           Row{"top_bn", "bn2", "_bn1"},
       }) {
    EXPECT_THAT(NamesIn("timm", row.ours, "bias"), ElementsAre(row.timm + ".bias"));
    EXPECT_THAT(NamesIn("efficientnet_lite_pytorch", row.ours, "bias"), ElementsAre(row.lite + ".bias"));
  }
  EXPECT_THAT(NamesIn("efficientnet_lite_pytorch", "predictions"), ElementsAre("_fc.weight"));
  EXPECT_THAT(NamesIn("timm", "predictions"), Contains("classifier.weight"));
  for (const char* strange : {"block", "block8a_bn", "block0a_bn", "block1", "block1a", "block1a_se", "block1A_bn"}) {
    EXPECT_THAT(NamesIn("timm", strange), IsEmpty()) << strange;
    EXPECT_THAT(NamesIn("efficientnet_lite_pytorch", strange), IsEmpty()) << strange;
  }
}

// In the conventions that publish weights of it.
TEST(Naming, EveryParameterOfEveryArchitectureHasAName) {
  const std::map<std::string, std::vector<std::string_view>> publishers = {
      {"logistic", {}},
      {"vgg16", {"keras", "torchvision", "timm"}},
      {"efficientnet_lite0", {"keras", "timm", "efficientnet_lite_pytorch"}},
      {"resnet18", {"torchvision", "timm"}},
      {"resnet50", {"keras", "torchvision", "timm"}},
  };
  for (const std::string& architecture : graph::ArchitectureNames()) {
    SB_ASSERT_OK_AND_ASSIGN(const graph::Graph graph, graph::BuildArchitecture(architecture, {.input_shape = {32, 32, 3}, .classes = 2}));
    for (const std::string_view naming : publishers.at(architecture)) {
      std::set<std::string> names;
      for (const graph::Parameter& parameter : graph.parameters()) {
        const size_t dot = parameter.name.rfind('.');
        const std::vector<std::string> theirs = NamesIn(naming, parameter.name.substr(0, dot), parameter.name.substr(dot + 1));
        ASSERT_THAT(theirs, Not(IsEmpty())) << architecture << " " << naming << " " << parameter.name;
        EXPECT_TRUE(names.insert(theirs.front()).second) << theirs.front();
      }
    }
  }
}

TEST(RenameWeights, TellsEachNaming) {
  const graph::Graph vgg = Chain({"block1_conv1", "block5_conv3", "predictions"});
  const graph::Graph lite = Chain({"stem_conv", "block1a_dwconv", "block2a_expand_conv", "predictions"});
  for (const auto& [graph, naming] : {std::pair(&vgg, "seedbed"), std::pair(&vgg, "keras"), std::pair(&vgg, "torchvision"),
                                      std::pair(&lite, "timm"), std::pair(&lite, "efficientnet_lite_pytorch")}) {
    const TensorMap file = FileOf(*graph, naming);
    SB_ASSERT_OK_AND_ASSIGN(const RenamedWeights renamed, RenameWeights(*graph, ViewsOf(file), {}));
    EXPECT_EQ(renamed.naming, naming);
    SB_EXPECT_OK(CheckWeights(*graph, ViewsOf(renamed.weights)));
    EXPECT_THAT(FloatsOf(renamed.weights.begin()->second.view()), Not(IsEmpty()));
    EXPECT_EQ(WeightsSha256(ViewsOf(renamed.weights)), WeightsSha256(ViewsOf(FileOf(*graph, "seedbed"))));
  }
}

TEST(RenameWeights, DropsCountersAndWhatIsNotWanted) {
  const graph::Graph graph = Chain({"stem_conv", "stem_bn"});
  TensorMap file = FileOf(Chain({"stem_conv", "stem_bn", "predictions"}), "timm");
  const std::string counter = "bn1.num_batches_tracked";
  file[counter] = {.dtype = DType::kI64, .shape = {}, .data = std::vector<std::byte>(8)};
  EXPECT_THAT(RenameWeights(graph, ViewsOf(file), {}), StatusIs(kInvalid, AllOf(HasSubstr("timm"), Not(HasSubstr(counter)))));
  SB_ASSERT_OK_AND_ASSIGN(const RenamedWeights renamed, RenameWeights(graph, ViewsOf(file), {"predictions.weight", "predictions.bias"}));
  EXPECT_EQ(renamed.weights.size(), 4);
}

TEST(RenameWeights, ReordersWhatPyTorchFlattens) {
  const graph::Graph graph = Flattened("fc1");
  const TensorMap file = FileOf(graph, "torchvision");  // values 1 to 24, as channels, height, width
  SB_ASSERT_OK_AND_ASSIGN(const RenamedWeights renamed, RenameWeights(graph, ViewsOf(file), {}));
  EXPECT_THAT(FloatsOf(renamed.weights.at("fc1.weight").view()),
              ElementsAre(1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12, 13, 17, 21, 14, 18, 22, 15, 19, 23, 16, 20, 24));
  TensorMap apart = FileOf(graph, "timm");  // a convolution as large as its image
  apart["pre_logits.fc1.weight"].shape = {2, 3, 2, 2};
  SB_ASSERT_OK_AND_ASSIGN(const RenamedWeights same, RenameWeights(graph, ViewsOf(apart), {}));
  EXPECT_EQ(same.weights.at("fc1.weight").shape, (std::vector<int64_t>{2, 12}));
  EXPECT_EQ(WeightsSha256(ViewsOf(same.weights)), WeightsSha256(ViewsOf(renamed.weights)));
  SB_ASSERT_OK_AND_ASSIGN(const RenamedWeights keras, RenameWeights(graph, ViewsOf(FileOf(graph, "keras")), {}));
  EXPECT_THAT(FloatsOf(keras.weights.at("fc1.weight").view())[1], 2);
}

template <typename Number>
Tensor Typed(DType dtype, const std::vector<Number>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {.dtype = dtype, .shape = {static_cast<int64_t>(values.size())}, .data = {bytes.begin(), bytes.end()}};
}

TEST(ToFloat32, EveryFloatingPointType) {
  EXPECT_THAT(FloatsOf(ToFloat32(Typed<double>(DType::kF64, {0.1, -3}).view()).view()), ElementsAre(0.1f, -3));
  // 1, -2, the largest, the smallest normal, the smallest and largest subnormal, -0.
  const Tensor half = Typed<uint16_t>(DType::kF16, {0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001, 0x03FF, 0x8000});
  EXPECT_THAT(FloatsOf(ToFloat32(half.view()).view()), ElementsAre(1, -2, 65504, 0x1p-14f, 0x1p-24f, 1023 * 0x1p-24f, 0));
  EXPECT_FALSE(AllFinite(ToFloat32(Typed<uint16_t>(DType::kF16, {0x7C00}).view()).view()));
  EXPECT_FALSE(AllFinite(ToFloat32(Typed<uint16_t>(DType::kF16, {0x7E00}).view()).view()));
  EXPECT_THAT(FloatsOf(ToFloat32(Typed<uint16_t>(DType::kBF16, {0x3F80, 0xC040}).view()).view()), ElementsAre(1, -3));
  EXPECT_EQ(ToFloat32(Typed<int64_t>(DType::kI64, {4}).view()).dtype, DType::kI64);
}

TEST(RenameWeights, ConvertsTypes) {
  const graph::Graph graph = Chain({"stem_conv"});
  TensorMap file = FileOf(graph, "timm");
  file["conv_stem.bias"] = Typed<uint16_t>(DType::kF16, {0x3C00, 0xC000});
  SB_ASSERT_OK_AND_ASSIGN(const RenamedWeights renamed, RenameWeights(graph, ViewsOf(file), {}));
  EXPECT_THAT(FloatsOf(renamed.weights.at("stem_conv.bias").view()), ElementsAre(1, -2));
  file["conv_stem.bias"] = Typed<int32_t>(DType::kI32, {1, 2});
  EXPECT_THAT(RenameWeights(graph, ViewsOf(file), {}), StatusIs(kInvalid, HasSubstr("'stem_conv.bias' is not F32")));
  file["conv_stem.bias"] = Tensor::FromFloats({2}, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_THAT(RenameWeights(graph, ViewsOf(file), {}), StatusIs(kInvalid, HasSubstr("not finite")));
}

TEST(RenameWeights, ListsWhatDoesNotFit) {
  const graph::Graph graph = Chain({"block1_conv1", "block1_conv2", "predictions"});
  TensorMap file = FileOf(graph, "torchvision");
  file.erase("features.0.bias");
  file["features.2.weight"].shape = {4, 1};
  file["avgpool.weight"] = Tensor::FromFloats({1}, std::vector<float>{1});
  EXPECT_THAT(RenameWeights(graph, ViewsOf(file), {}),
              StatusIs(kInvalid, AllOf(HasSubstr("torchvision"), HasSubstr("'block1_conv1.bias' is missing"),
                                       HasSubstr("'block1_conv2.weight' has shape 4x1, expected 2x2"),
                                       HasSubstr("'avgpool.weight' does not belong to the network"))));
}

TEST(RenameWeights, TheListIsShort) {
  const graph::Graph graph = Chain({"block1_conv1", "predictions"});
  TensorMap file = FileOf(graph, "torchvision");
  for (int i = 0; i < 1000; ++i) file["extra" + std::to_string(i)] = Tensor::FromFloats({1}, std::vector<float>{1});
  const absl::Status status = RenameWeights(graph, ViewsOf(file), {}).status();
  EXPECT_THAT(status, StatusIs(kInvalid, HasSubstr("and 992 further problems")));
  EXPECT_LT(status.message().size(), 1000);
}

TEST(RenameWeights, AnotherNetwork) {
  const TensorMap file = FileOf(Chain({"stem_conv", "block1a_dwconv"}), "efficientnet_lite_pytorch");
  EXPECT_THAT(RenameWeights(Chain({"block1_conv1", "block1_conv2"}), ViewsOf(file), {}),
              StatusIs(kInvalid, AllOf(HasSubstr("another network"), HasSubstr("'_conv_stem.bias'"), HasSubstr("'block1_conv1.weight'"))));
  EXPECT_THAT(RenameWeights(Chain({"block1_conv1"}), {}, {}), StatusIs(kInvalid, HasSubstr("they have no tensor")));
}

TEST(NameInFile, OfAParameter) {
  const graph::Graph graph = Chain({"stem_conv", "predictions"});
  const TensorMap file = FileOf(graph, "timm");
  EXPECT_EQ(NameInFile(graph, ViewsOf(file), "predictions.weight"), "head.fc.weight");
  EXPECT_EQ(NameInFile(graph, ViewsOf(file), "fc1.weight"), "");
  EXPECT_EQ(NameInFile(graph, {}, "predictions.weight"), "");
}

}  // namespace
}  // namespace seedbed::nn
