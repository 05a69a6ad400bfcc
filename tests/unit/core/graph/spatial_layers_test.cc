#include "core/graph/spatial_layers.h"

#include "core/graph/architectures.h"
#include "core/graph/edit.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::graph {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Graph Built(std::string_view name, int64_t classes) { return *BuildArchitecture(name, {.input_shape = {64, 64, 3}, .classes = classes}); }

TEST(SpatialLayers, TheLastOneIsNoPool) {
  EXPECT_EQ(LastSpatialLayer(Built("vgg16", 12))->layer.name, "block5_conv3");
  EXPECT_EQ(LastSpatialLayer(Built("vgg16", 0))->layer.name, "block5_conv3");
  for (const char* name : {"efficientnet_lite0", "resnet18", "resnet50"}) {
    const Graph graph = Built(name, 12);
    EXPECT_EQ(LastSpatialLayer(graph)->output_shape.size(), 3u) << name;
  }
  EXPECT_EQ(LastSpatialLayer(Built("logistic", 12)), nullptr) << "the image itself is none";
  EXPECT_EQ(LastSpatialLayer(*InsertBehindInput(*BuildArchitecture("logistic", {.input_shape = {8, 8, 3}, .classes = 4}), "w", "whiten")),
            nullptr)
      << "nor is it when it is whitened";
}

TEST(SpatialLayers, AreFoundByName) {
  const Graph graph = Built("vgg16", 12);
  EXPECT_EQ((*SpatialLayer(graph, "block2_pool"))->layer.name, "block2_pool");
  EXPECT_EQ((*SpatialLayer(graph, ""))->layer.name, "block5_conv3");
}

TEST(SpatialLayers, OthersAreRefused) {
  const Graph graph = Built("vgg16", 12);
  EXPECT_THAT(SpatialLayer(graph, "block5_conv9").status(), StatusIs(kInvalid, HasSubstr("did you mean 'block5_conv")));
  EXPECT_THAT(SpatialLayer(graph, "flatten").status(),
              StatusIs(kInvalid, AllOf(HasSubstr("'flatten'"), HasSubstr("the last one is 'block5_conv3'"))));
  EXPECT_THAT(SpatialLayer(graph, graph.layers()[0].layer.name).status(), StatusIs(kInvalid, HasSubstr("the image")));
  const Graph logistic = Built("logistic", 12);
  EXPECT_THAT(SpatialLayer(logistic, "").status(), StatusIs(kInvalid, HasSubstr("no layer with height and width")));
  EXPECT_THAT(SpatialLayer(logistic, "flatten").status(), StatusIs(kInvalid, HasSubstr("no layer with height and width")));
}

}  // namespace
}  // namespace seedbed::graph
