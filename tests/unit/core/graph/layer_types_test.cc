#include "core/graph/layer_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/status_macros.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::graph {
namespace {

using nlohmann::json;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Pair = std::array<int64_t, 2>;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// The layer "l" of the type and config behind an input of the shape.
absl::StatusOr<ResolvedLayer> Resolved(const std::string& type, const json& config, const Shape& input) {
  SB_ASSIGN_OR_RETURN(const Graph graph,
                      Graph::Create({{.name = "input", .type = "input", .config = {{"shape", input}}, .inputs = {}},
                                     {.name = "l",
                                      .type = type,
                                      .config = config,
                                      .inputs = std::vector<std::string>(type == "add" ? 2 : 1, std::string("input"))}}));
  return graph.layers().back();
}

absl::Status Error(const std::string& type, const json& config, const Shape& input = {8, 8, 3}) {
  return Resolved(type, config, input).status();
}

TEST(LayerTypes, EachHasANameOfKeras) {
  const std::map<std::string, std::string> keras = {{"input", "InputLayer"},
                                                    {"flatten", "Flatten"},
                                                    {"dense", "Dense"},
                                                    {"softmax", "Softmax"},
                                                    {"relu", "ReLU"},
                                                    {"dropout", "Dropout"},
                                                    {"add", "Add"},
                                                    {"conv2d", "Conv2D"},
                                                    {"depthwise_conv2d", "DepthwiseConv2D"},
                                                    {"max_pool", "MaxPooling2D"},
                                                    {"average_pool", "AveragePooling2D"},
                                                    {"global_average_pool", "GlobalAveragePooling2D"},
                                                    {"global_max_pool", "GlobalMaxPooling2D"},
                                                    {"batch_norm", "BatchNormalization"},
                                                    {"whiten", "ZcaWhitening"}};
  EXPECT_EQ(LayerTypeNames().size(), keras.size());
  for (const std::string& name : LayerTypeNames()) EXPECT_EQ(FindLayerType(name)->keras_name, keras.at(name));
  EXPECT_EQ(FindLayerType("conv3d"), nullptr);
}

TEST(Conv2d, WeightsAsPyTorchStoresThem) {
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer layer, Resolved("conv2d", {{"filters", 16}, {"kernel", {3, 5}}}, {20, 30, 4}));
  EXPECT_THAT(layer.output_shape, ElementsAre(18, 26, 16));
  ASSERT_EQ(layer.parameters.size(), 2);
  EXPECT_EQ(layer.parameters[0].name, "l.weight");
  EXPECT_THAT(layer.parameters[0].shape, ElementsAre(16, 4, 3, 5));
  EXPECT_EQ(layer.parameters[0].fan_in, 15 * 4);
  EXPECT_EQ(layer.parameters[0].fan_out, 15 * 16);
  EXPECT_EQ(layer.parameters[1].name, "l.bias");
  EXPECT_THAT(layer.parameters[1].shape, ElementsAre(16));
  EXPECT_EQ(layer.parameters[1].fan_in, 0);
  EXPECT_TRUE(layer.settings.bias);
  EXPECT_FALSE(layer.settings.activation.rectified);
}

TEST(DepthwiseConv2d, HasOneFilterForEachChannel) {
  const json config = {{"kernel", 3}, {"strides", 2}, {"padding", "same"}, {"bias", false}, {"activation", "relu6"}};
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer layer, Resolved("depthwise_conv2d", config, {7, 8, 32}));
  EXPECT_THAT(layer.output_shape, ElementsAre(4, 4, 32));
  ASSERT_EQ(layer.parameters.size(), 1);
  EXPECT_THAT(layer.parameters[0].shape, ElementsAre(32, 1, 3, 3));
  EXPECT_EQ(layer.parameters[0].fan_in, 9 * 32);  // Keras's, for a kernel of (3, 3, 32, 1)
  EXPECT_EQ(layer.parameters[0].fan_out, 9);
  EXPECT_FALSE(layer.settings.bias);
  EXPECT_TRUE(layer.settings.activation.rectified);
  EXPECT_EQ(layer.settings.activation.ceiling, 6);
}

struct PaddingCase {
  int64_t image = 0, kernel = 0, stride = 0;
  json padding;
  int64_t places = 0, before = 0, after = 0;
};

TEST(Conv2d, Padding) {
  for (const PaddingCase& row : {
           PaddingCase{224, 3, 1, "valid", 222, 0, 0},
           PaddingCase{224, 7, 2, "valid", 109, 0, 0},
           PaddingCase{3, 3, 5, "valid", 1, 0, 0},
           // TensorFlow's: the odd one comes after, and depends on the actual size.
           PaddingCase{224, 3, 2, "same", 112, 0, 1},
           PaddingCase{225, 3, 2, "same", 113, 1, 1},
           PaddingCase{150, 3, 2, "same", 75, 0, 1},
           PaddingCase{56, 5, 2, "same", 28, 1, 2},
           PaddingCase{75, 5, 2, "same", 38, 2, 2},
           PaddingCase{14, 3, 1, "same", 14, 1, 1},
           PaddingCase{14, 5, 1, "same", 14, 2, 2},
           PaddingCase{14, 4, 1, "same", 14, 1, 2},
           PaddingCase{7, 1, 2, "same", 4, 0, 0},
           PaddingCase{1, 3, 2, "same", 1, 1, 1},
           // PyTorch's: the same on both sides; what does not fill a stride is left out.
           PaddingCase{224, 7, 2, 3, 112, 3, 3},
           PaddingCase{225, 7, 2, 3, 113, 3, 3},
           PaddingCase{224, 3, 2, 1, 112, 1, 1},
           PaddingCase{56, 1, 2, 0, 28, 0, 0},
       }) {
    const json config = {{"filters", 2}, {"kernel", row.kernel}, {"strides", row.stride}, {"padding", row.padding}};
    SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer layer, Resolved("conv2d", config, {row.image, 400, 3}));
    const Window& window = layer.settings.window;
    EXPECT_EQ(layer.output_shape[0], row.places) << config << row.image;
    EXPECT_EQ(window.before[0], row.before) << config << row.image;
    EXPECT_EQ(window.after[0], row.after) << config << row.image;
    EXPECT_EQ(window.size, (Pair{row.kernel, row.kernel}));
    EXPECT_EQ(window.strides, (Pair{row.stride, row.stride}));
  }
}

TEST(Conv2d, HeightAndWidthApart) {
  const json config = {{"filters", 1}, {"kernel", {1, 3}}, {"strides", {2, 1}}, {"padding", "same"}};
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer layer, Resolved("conv2d", config, {9, 6, 1}));
  EXPECT_THAT(layer.output_shape, ElementsAre(5, 6, 1));
  EXPECT_EQ(layer.settings.window.before, (Pair{0, 1}));
  EXPECT_EQ(layer.settings.window.after, (Pair{0, 1}));
}

TEST(Pools, StepByTheirSizeUnlessTold) {
  for (const char* type : {"max_pool", "average_pool"}) {
    SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer pool, Resolved(type, {{"size", 2}}, {75, 8, 5}));
    EXPECT_THAT(pool.output_shape, ElementsAre(37, 4, 5));
    EXPECT_THAT(pool.parameters, IsEmpty());
    EXPECT_EQ(pool.settings.window.strides, (Pair{2, 2}));
    SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer same, Resolved(type, {{"size", {3, 2}}, {"padding", "same"}}, {75, 9, 5}));
    EXPECT_THAT(same.output_shape, ElementsAre(25, 5, 5));
    SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer resnet, Resolved(type, {{"size", 3}, {"strides", 2}, {"padding", 1}}, {112, 112, 64}));
    EXPECT_THAT(resnet.output_shape, ElementsAre(56, 56, 64));
  }
  for (const char* type : {"global_average_pool", "global_max_pool"}) {
    SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer pool, Resolved(type, json::object(), {7, 5, 1280}));
    EXPECT_THAT(pool.output_shape, ElementsAre(1280));
  }
}

TEST(BatchNorm, HasStatisticsThatNobodyTrains) {
  for (const Shape& shape : {Shape{7, 7, 12}, Shape{12}}) {
    SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer layer, Resolved("batch_norm", json::object(), shape));
    EXPECT_EQ(layer.output_shape, shape);
    EXPECT_EQ(layer.settings.epsilon, 0.001);
    EXPECT_EQ(layer.settings.momentum, 0.99);
    ASSERT_EQ(layer.parameters.size(), 4);
    const char* names[] = {"l.weight", "l.bias", "l.running_mean", "l.running_var"};
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(layer.parameters[i].name, names[i]);
      EXPECT_THAT(layer.parameters[i].shape, ElementsAre(12));
      EXPECT_EQ(layer.parameters[i].fan_in, 0);
      EXPECT_EQ(layer.parameters[i].initial, i % 3 == 0 ? 1 : 0);
      EXPECT_EQ(layer.parameters[i].statistic, i >= 2);
    }
    EXPECT_EQ(layer.parameter_count(), 48);
    EXPECT_EQ(layer.trainable_parameter_count(), 24);
  }
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer torch, Resolved("batch_norm", {{"epsilon", 1e-5}, {"momentum", 0.9}}, {4}));
  EXPECT_EQ(torch.settings.epsilon, 1e-5);
  EXPECT_EQ(torch.settings.momentum, 0.9);
}

TEST(Activations, AreWhatTheirConfigSays) {
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer relu, Resolved("relu", json::object(), {4, 4, 2}));
  EXPECT_THAT(relu.output_shape, ElementsAre(4, 4, 2));
  EXPECT_TRUE(relu.settings.activation.rectified);
  EXPECT_TRUE(std::isinf(relu.settings.activation.ceiling));
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer relu6, Resolved("relu", {{"max_value", 6}}, {4}));
  EXPECT_EQ(relu6.settings.activation.ceiling, 6);
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer dense, Resolved("dense", {{"units", 2}, {"activation", "relu"}}, {4}));
  EXPECT_TRUE(dense.settings.activation.rectified);
  EXPECT_TRUE(std::isinf(dense.settings.activation.ceiling));
}

TEST(Dropout, IsActiveInTrainingUnlessFrozen) {
  SB_ASSERT_OK_AND_ASSIGN(ResolvedLayer layer, Resolved("dropout", {{"rate", 0.25}}, {4, 4, 2}));
  EXPECT_THAT(layer.output_shape, ElementsAre(4, 4, 2));
  EXPECT_EQ(layer.settings.rate, 0.25);
  EXPECT_FALSE(layer.trainable());
  EXPECT_TRUE(layer.active_in_training());
  layer.layer.trainable = false;
  EXPECT_FALSE(layer.active_in_training());
}

TEST(Add, TakesTwoOfOneShape) {
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer layer, Resolved("add", json::object(), {4, 4, 2}));
  EXPECT_THAT(layer.output_shape, ElementsAre(4, 4, 2));
  const auto graph = Graph::Create({{.name = "input", .type = "input", .config = {{"shape", {4, 4, 2}}}, .inputs = {}},
                                    {.name = "pool", .type = "max_pool", .config = {{"size", 2}}, .inputs = {"input"}},
                                    {.name = "sum", .type = "add", .inputs = {"input", "pool"}}});
  EXPECT_THAT(graph, StatusIs(kInvalid, AllOf(HasSubstr("'sum' (add)"), HasSubstr("4x4x2"), HasSubstr("2x2x2"))));
}

TEST(LayerTypes, ErrorsNameTheSettingItsValueAndWhatIsAllowed) {
  EXPECT_THAT(Error("conv2d", {{"filters", 8}}), StatusIs(kInvalid, AllOf(HasSubstr("'l' (conv2d)"), HasSubstr("needs kernel"))));
  EXPECT_THAT(Error("conv2d", {{"kernel", 3}}), StatusIs(kInvalid, HasSubstr("needs filters")));
  EXPECT_THAT(Error("conv2d", {{"filters", -1}, {"kernel", 3}}),
              StatusIs(kInvalid, HasSubstr("filters must be a positive integer, not -1")));
  for (const json& kernel : {json(0), json(2.5), json("3"), json({3}), json({3, 0}), json({1, 2, 3}), json(nullptr)}) {
    EXPECT_THAT(Error("conv2d", {{"filters", 8}, {"kernel", kernel}}),
                StatusIs(kInvalid, HasSubstr("kernel must be a positive integer or two of them, [height, width], not " + kernel.dump())));
  }
  EXPECT_THAT(Error("conv2d", {{"filters", 8}, {"kernel", 3}, {"padding", "full"}}),
              StatusIs(kInvalid, HasSubstr(R"(padding must be "valid", "same" or an integer of 0 to 2 for a window of 3x3, not "full")")));
  EXPECT_THAT(Error("conv2d", {{"filters", 8}, {"kernel", 3}, {"padding", 3}}), StatusIs(kInvalid, HasSubstr("0 to 2")));
  EXPECT_THAT(Error("conv2d", {{"filters", 8}, {"kernel", 3}, {"padding", -1}}), StatusIs(kInvalid, HasSubstr("not -1")));
  EXPECT_THAT(Error("max_pool", {{"size", 3}, {"padding", 2}}), StatusIs(kInvalid, HasSubstr("0 to 1")));
  EXPECT_THAT(Error("conv2d", {{"filters", 8}, {"kernel", 3}, {"activation", "swish"}}),
              StatusIs(kInvalid, HasSubstr(R"(activation must be "relu" or "relu6", not "swish")")));
  EXPECT_THAT(Error("conv2d", {{"filters", 8}, {"kernel", 3}, {"stride", 2}}),
              StatusIs(kInvalid, AllOf(HasSubstr("no setting 'stride'"), HasSubstr("strides, padding"))));
  EXPECT_THAT(Error("flatten", {{"order", "C"}}), StatusIs(kInvalid, HasSubstr("no setting 'order'; it has none at all")));
  EXPECT_THAT(Error("relu", {{"max_value", 0}}), StatusIs(kInvalid, HasSubstr("max_value must be a number of more than 0, not 0")));
  EXPECT_THAT(Error("relu", {{"max_value", 1e300}}), StatusIs(kInvalid, HasSubstr("max_value")));
  EXPECT_THAT(Error("dropout", json::object()), StatusIs(kInvalid, HasSubstr("needs rate")));
  EXPECT_THAT(Error("dropout", {{"rate", 1}}), StatusIs(kInvalid, HasSubstr("rate must be a number of at least 0 and less than 1, not 1")));
  EXPECT_THAT(Error("batch_norm", {{"epsilon", 0}}), StatusIs(kInvalid, HasSubstr("epsilon must be a number of more than 0")));
  EXPECT_THAT(Error("batch_norm", {{"momentum", "high"}}), StatusIs(kInvalid, HasSubstr("at least 0 and at most 1, not \"high\"")));
}

TEST(LayerTypes, ErrorsNameTheShapeThatDoesNotFit) {
  for (const auto& [type, config] : std::vector<std::pair<std::string, json>>{{"conv2d", {{"filters", 8}, {"kernel", 3}}},
                                                                              {"depthwise_conv2d", {{"kernel", 3}}},
                                                                              {"max_pool", {{"size", 2}}},
                                                                              {"global_max_pool", json::object()}}) {
    EXPECT_THAT(Error(type, config, {12}), StatusIs(kInvalid, HasSubstr("needs an image (height, width, channels), got 12"))) << type;
  }
  EXPECT_THAT(Error("softmax", json::object(), {2, 2, 3}), StatusIs(kInvalid, HasSubstr("needs a vector, got 2x2x3")));
  EXPECT_THAT(Error("whiten", json::object(), {150, 150, 3}),
              StatusIs(kInvalid, HasSubstr("at most 4096 values, such as 36x36x3, and 150x150x3 has 67500")));
  EXPECT_THAT(Error("batch_norm", json::object(), {2, 3}), StatusIs(kInvalid, HasSubstr("got 2x3")));
  EXPECT_THAT(Error("max_pool", {{"size", {2, 9}}}),
              StatusIs(kInvalid, AllOf(HasSubstr("window of 2x9 is larger than the image of 8x8x3"), Not(HasSubstr("padding")))));
  EXPECT_THAT(Error("conv2d", {{"filters", 1}, {"kernel", {20, 3}}, {"padding", 1}}), StatusIs(kInvalid, HasSubstr("with its padding")));
}

// Numbers from a file are far off at times; none of them may overflow.
TEST(LayerTypes, HugeNumbersAreErrors) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  EXPECT_THAT(Error("conv2d", {{"filters", kHuge}, {"kernel", 3}}), StatusIs(kInvalid, HasSubstr("too large")));
  EXPECT_THAT(Error("conv2d", {{"filters", 1}, {"kernel", kHuge}, {"padding", "same"}}), StatusIs(kInvalid, HasSubstr("too large")));
  EXPECT_THAT(Error("conv2d", {{"filters", kHuge / 8}, {"kernel", 1}}, {8, 8, 1}), StatusIs(kInvalid, HasSubstr("the output's shape")));
  EXPECT_THAT(Error("conv2d", {{"filters", UINT64_MAX}, {"kernel", 1}}), StatusIs(kInvalid, HasSubstr("filters")));
  EXPECT_THAT(Error("depthwise_conv2d", {{"kernel", {kHuge, kHuge}}}), StatusIs(kInvalid, HasSubstr("too large")));
  EXPECT_THAT(Error("max_pool", {{"size", kHuge}, {"padding", kHuge}}), StatusIs(kInvalid));
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer same, Resolved("max_pool", {{"size", kHuge}, {"padding", "same"}}, {8, 8, 3}));
  EXPECT_THAT(same.output_shape, ElementsAre(1, 1, 3));
  SB_ASSERT_OK_AND_ASSIGN(const ResolvedLayer strided, Resolved("max_pool", {{"size", 2}, {"strides", kHuge}}, {8, 8, 3}));
  EXPECT_THAT(strided.output_shape, ElementsAre(1, 1, 3));
}

}  // namespace
}  // namespace seedbed::graph
