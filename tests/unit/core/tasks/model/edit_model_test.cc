#include "core/tasks/model/edit_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/edit.h"
#include "core/nn/model_file.h"
#include "tests/testing/fake_task_context.h"
#include "tests/unit/core/tasks/model/tiny_backbone.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class RunEditModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto head = nlohmann::json::parse(R"(["global_average_pool", {"dense": "classes"}])");
    SB_ASSERT_OK_AND_ASSIGN(model_.graph, graph::AppendHead(model_.graph, head, 2));
    model_.weights = nn::InitializeWeights(model_.graph, 3);
    model_.classes = {"a", "b"};
    SB_ASSERT_OK(nn::WriteModel(folder_.path(), model_));
    spec_.model = "whole";
    spec_.model_dir = folder_.path();
    spec_.output = "part";
  }

  const testing::TemporaryDirectory folder_;
  nn::SavedModel model_ = testing::TinyBackbone();
  FakeTaskContext context_;
  EditModelSpec spec_;
};

TEST_F(RunEditModelTest, PopsLayersWithTheirWeights) {
  spec_.edit = PopLayers{.count = 2};
  SB_ASSERT_OK_AND_ASSIGN(const EditModelResult result, RunEditModel(spec_, context_));
  EXPECT_THAT(result.model.classes, IsEmpty());
  EXPECT_EQ(result.model.layers.back().name, "head_global_average_pool");
  EXPECT_EQ(result.model.parameters, model_.graph.parameter_count() - 14);
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel part, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(nn::ModelSha256(part), result.model.weights_sha256);
  EXPECT_EQ(part.weights.at("conv.weight").data, model_.weights.at("conv.weight").data);
  EXPECT_FALSE(part.weights.contains("head_dense.weight"));
  EXPECT_EQ(part.training["model"], "whole");
  EXPECT_EQ(part.training["edit"]["pop"], 2);
}

TEST_F(RunEditModelTest, CutsAtALayer) {
  spec_.edit = CutLayer{.layer = "pool"};
  SB_ASSERT_OK_AND_ASSIGN(const EditModelResult result, RunEditModel(spec_, context_));
  EXPECT_EQ(result.model.layers.back().name, "pool");
  EXPECT_THAT(result.model.layers.back().output_shape, ElementsAre(5, 5, 4));
  SB_EXPECT_OK(nn::ReadModel(context_.paths().output_dir));
}

TEST_F(RunEditModelTest, KeepsTheClassesOfAnUncutNetwork) {
  spec_.edit = CutLayer{.layer = "head_softmax"};
  SB_ASSERT_OK_AND_ASSIGN(const EditModelResult result, RunEditModel(spec_, context_));
  EXPECT_THAT(result.model.classes, ElementsAre("a", "b"));
}

TEST_F(RunEditModelTest, RefusesWhatIsNotThere) {
  spec_.edit = CutLayer{.layer = "pool2"};
  EXPECT_THAT(RunEditModel(spec_, context_), StatusIs(kInvalid, AllOf(HasSubstr("'whole'"), HasSubstr("'pool'"))));
  spec_.edit = PopLayers{.count = 50};
  EXPECT_THAT(RunEditModel(spec_, context_), StatusIs(kInvalid, HasSubstr("50")));
  spec_.model_dir = "/nowhere";
  EXPECT_THAT(RunEditModel(spec_, context_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RunEditModelTest, Cancels) {
  context_.Cancel();
  EXPECT_THAT(RunEditModel(spec_, context_), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::tasks
