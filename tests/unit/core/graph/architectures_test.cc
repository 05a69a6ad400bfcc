#include "core/graph/architectures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/graph/edit.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::graph {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int64_t kImageNetClasses = 1000;

Graph Built(std::string_view name, int64_t side, int64_t classes) {
  return *BuildArchitecture(name, {.input_shape = {side, side, 3}, .classes = classes});
}

// As PyTorch counts: weights and biases, without the statistics of batch norms.
int64_t LearntParameters(const Graph& graph) {
  int64_t count = 0;
  for (const Parameter& parameter : graph.parameters()) count += parameter.statistic ? 0 : ElementsOf(parameter.shape);
  return count;
}

TEST(Architectures, HaveThePublishedNumbersOfParameters) {
  const Graph vgg = Built("vgg16", 224, kImageNetClasses);
  EXPECT_EQ(vgg.parameter_count(), 138'357'544);
  EXPECT_EQ(vgg.trainable_parameter_count(), 138'357'544);
  EXPECT_EQ(Built("vgg16", 224, 0).parameter_count(), 14'714'688);
  EXPECT_EQ(Built("vgg16", 150, 0).parameter_count(), 14'714'688);
  struct Row {
    std::string_view name;
    int64_t learnt = 0;
    int64_t statistics = 0;
    int64_t top = 0;
  };
  for (const Row& row : {Row{"efficientnet_lite0", 4'652'008, 42'016, 1'281'000}, Row{"resnet18", 11'689'512, 9'600, 513'000},
                         Row{"resnet50", 25'557'032, 53'120, 2'049'000}}) {
    const Graph graph = Built(row.name, 224, kImageNetClasses);
    EXPECT_EQ(LearntParameters(graph), row.learnt) << row.name;
    EXPECT_EQ(graph.trainable_parameter_count(), row.learnt) << row.name;
    EXPECT_EQ(graph.non_trainable_parameter_count(), row.statistics) << row.name;
    EXPECT_EQ(graph.parameter_count(), row.learnt + row.statistics) << row.name;
    EXPECT_EQ(LearntParameters(Built(row.name, 224, 0)), row.learnt - row.top) << row.name;
  }
}

TEST(Architectures, WithoutTopEndInTheLastImage) {
  struct Row {
    std::string_view name, last;
    int64_t side = 0;
    Shape shape;
  };
  for (const Row& row :
       {Row{"logistic", "input", 150, {150, 150, 3}}, Row{"vgg16", "block5_pool", 224, {7, 7, 512}},
        Row{"vgg16", "block5_pool", 150, {4, 4, 512}}, Row{"efficientnet_lite0", "top_activation", 224, {7, 7, 1280}},
        Row{"efficientnet_lite0", "top_activation", 150, {5, 5, 1280}}, Row{"resnet18", "conv5_block2_out", 224, {7, 7, 512}},
        Row{"resnet50", "conv5_block3_out", 224, {7, 7, 2048}}, Row{"resnet50", "conv5_block3_out", 150, {5, 5, 2048}}}) {
    const Graph graph = Built(row.name, row.side, 0);
    EXPECT_EQ(graph.layers().back().layer.name, row.last) << row.name;
    EXPECT_EQ(graph.output_shape(), row.shape) << row.name;
  }
}

TEST(Architectures, WithTopEndInProbabilities) {
  for (const std::string& name : ArchitectureNames()) {
    const Graph graph = Built(name, 64, 7);
    EXPECT_THAT(graph.output_shape(), ElementsAre(7)) << name;
    EXPECT_EQ(graph.layers().back().layer.type, "softmax") << name;
    EXPECT_EQ(LogitsLayer(graph).layer.type, "dense") << name;
    // The top is put on what is there without it.
    const Graph bare = Built(name, 64, 0);
    const absl::StatusOr<Graph> cut = CutAt(graph, bare.layers().back().layer.name);
    SB_ASSERT_OK(cut.status());
    EXPECT_EQ(cut->ToJson(), bare.ToJson()) << name;
  }
}

TEST(Architectures, HaveALayerForEachOfKerassNames) {
  const Graph vgg = Built("vgg16", 32, 2), lite = Built("efficientnet_lite0", 32, 2), resnet = Built("resnet50", 32, 2);
  for (const char* name : {"block1_conv1", "block1_conv2", "block3_conv3", "block5_conv3", "block5_pool", "flatten", "fc1", "fc2"}) {
    EXPECT_NE(vgg.Find(name), nullptr) << name;
  }
  EXPECT_EQ(vgg.Find("block1_conv3"), nullptr);
  for (const char* name : {"stem_conv", "stem_bn", "stem_activation", "block1a_dwconv", "block1a_project_bn", "block2a_expand_conv",
                           "block2b_add", "block5a_project_bn", "block6d_add", "block7a_project_bn", "top_bn", "top_activation"}) {
    EXPECT_NE(lite.Find(name), nullptr) << name;
  }
  // Neither a first block of a stage nor one that widens is put behind its input.
  for (const char* name : {"block1a_expand_conv", "block1a_add", "block5a_add", "block7a_add"}) EXPECT_EQ(lite.Find(name), nullptr) << name;
  for (const char* name : {"conv1_conv", "conv1_bn", "conv1_relu", "pool1_pool", "conv2_block1_0_conv", "conv2_block1_3_bn",
                           "conv4_block6_2_conv", "conv5_block3_out", "avg_pool", "predictions"}) {
    EXPECT_NE(resnet.Find(name), nullptr) << name;
  }
  EXPECT_EQ(resnet.Find("conv2_block2_0_conv"), nullptr);
}

TEST(Architectures, ResnetsStrideInTheThreeByThreeConvolution) {
  const Graph resnet50 = Built("resnet50", 224, 0);
  EXPECT_THAT(resnet50.Find("conv3_block1_1_conv")->output_shape, ElementsAre(56, 56, 128));
  EXPECT_THAT(resnet50.Find("conv3_block1_2_conv")->output_shape, ElementsAre(28, 28, 128));
  EXPECT_THAT(resnet50.Find("conv3_block1_0_conv")->output_shape, ElementsAre(28, 28, 512));
  const Graph resnet18 = Built("resnet18", 224, 0);
  EXPECT_EQ(resnet18.Find("conv2_block1_0_conv"), nullptr);
  EXPECT_THAT(resnet18.Find("conv3_block1_1_conv")->output_shape, ElementsAre(28, 28, 128));
}

TEST(Architectures, SayHowTheyAreUsed) {
  const std::set<std::string_view> presets = {"unit", "keras_caffe", "imagenet", "minus_one_one", "efficientnet_lite"};
  for (const std::string& name : ArchitectureNames()) {
    SB_ASSERT_OK_AND_ASSIGN(const Architecture* architecture, FindArchitecture(name));
    EXPECT_TRUE(presets.contains(architecture->preset)) << name;
    EXPECT_EQ(architecture->side, name == "logistic" ? 150 : 224);
    const nlohmann::json head = nlohmann::json::parse(architecture->head, nullptr, /*allow_exceptions=*/false);
    SB_ASSERT_OK_AND_ASSIGN(const Graph classifier, AppendHead(Built(name, architecture->side, 0), head, 12));
    EXPECT_THAT(classifier.output_shape(), ElementsAre(12)) << name;
  }
}

TEST(Architectures, TheReferenceWorkloadsNumbers) {
  SB_ASSERT_OK_AND_ASSIGN(const Graph whole, AppendHead(Built("vgg16", 150, 0), {"flatten", {{"dense", "classes"}}}, 12));
  SB_ASSERT_OK_AND_ASSIGN(const Graph frozen, SetTrainable(whole, std::vector<std::string>{"head"}));
  EXPECT_EQ(frozen.parameter_count(), 14'813'004);
  EXPECT_EQ(frozen.trainable_parameter_count(), 98'316);
  EXPECT_EQ(frozen.non_trainable_parameter_count(), 14'714'688);
}

TEST(Architectures, ImagesThatAreTooSmall) {
  EXPECT_THAT(BuildArchitecture("vgg16", {.input_shape = {31, 64, 3}, .classes = 0}),
              StatusIs(kInvalid, AllOf(HasSubstr("'block5_pool'"), HasSubstr("2x2"), HasSubstr("1x4x512"))));
  EXPECT_THAT(BuildArchitecture("resnet18", {.input_shape = {12}, .classes = 0}),
              StatusIs(kInvalid, AllOf(HasSubstr("'conv1_conv'"), HasSubstr("needs an image"))));
}

TEST(Architectures, UnknownNameListsTheKnown) {
  EXPECT_THAT(BuildArchitecture("vgg61", {.input_shape = {8, 8, 3}, .classes = 2}),
              StatusIs(kInvalid, AllOf(HasSubstr("'vgg61'"), HasSubstr("did you mean 'vgg16'?"), HasSubstr("logistic, vgg16"))));
  EXPECT_THAT(FindArchitecture("transformer"), StatusIs(kInvalid, Not(HasSubstr("did you mean"))));
  EXPECT_THAT(ArchitectureNames(), ElementsAre("logistic", "vgg16", "efficientnet_lite0", "resnet18", "resnet50"));
}

}  // namespace
}  // namespace seedbed::graph
