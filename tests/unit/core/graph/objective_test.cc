#include "core/graph/objective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/architectures.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::graph {
namespace {

using ::seedbed::testing::IsOk;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Graph Vgg() { return *BuildArchitecture("vgg16", {.input_shape = {32, 32, 3}, .classes = 5}); }

TEST(Objective, TakesTheRectifierOffALayer) {
  SB_ASSERT_OK_AND_ASSIGN(const Objective objective, ObjectiveOf(Vgg(), "block2_conv1"));
  const ResolvedLayer& last = objective.graph.layers().back();
  EXPECT_EQ(last.layer.name, "block2_conv1");
  EXPECT_FALSE(last.settings.activation.rectified);
  EXPECT_TRUE(objective.graph.Find("block1_conv2")->settings.activation.rectified);
  EXPECT_TRUE(objective.activation.rectified);
  EXPECT_FALSE(objective.softmax);
  EXPECT_EQ(objective.channels(), 128);
}

TEST(Objective, GoesBeforeARectifierThatIsALayer) {
  const Graph graph = *BuildArchitecture("efficientnet_lite0", {.input_shape = {32, 32, 3}});
  SB_ASSERT_OK_AND_ASSIGN(const Objective objective, ObjectiveOf(graph, "top_activation"));
  EXPECT_EQ(objective.graph.layers().back().layer.type, "batch_norm");
  EXPECT_EQ(objective.activation.ceiling, 6);
  EXPECT_EQ(objective.channels(), 1280);
}

TEST(Objective, OfClassesIsBeforeTheSoftmax) {
  for (const bool softmax : {false, true}) {
    SB_ASSERT_OK_AND_ASSIGN(const Objective objective, ClassObjective(Vgg(), softmax));
    EXPECT_EQ(objective.graph.output_shape(), Shape{5});
    EXPECT_EQ(objective.softmax, softmax);
  }
  SB_ASSERT_OK_AND_ASSIGN(const Objective named, ObjectiveOf(Vgg(), Vgg().layers().back().layer.name));
  EXPECT_TRUE(named.softmax);
}

TEST(Objective, NamesWhatThereIs) {
  EXPECT_THAT(ObjectiveOf(Vgg(), "block2_cnv1").status(), StatusIs(kInvalid, HasSubstr("'block2_conv1'")));
  SB_ASSERT_OK_AND_ASSIGN(const Objective objective, ObjectiveOf(Vgg(), "block1_conv1"));
  EXPECT_THAT(CheckFilter(objective, "block1_conv1", 63), IsOk());
  for (const int64_t filter : {int64_t{64}, int64_t{-1}}) {
    EXPECT_THAT(CheckFilter(objective, "block1_conv1", filter),
                StatusIs(kInvalid, AllOf(HasSubstr("'block1_conv1'"), HasSubstr("0 to 63"))));
  }
}

}  // namespace
}  // namespace seedbed::graph
