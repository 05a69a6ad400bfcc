#include "gmock/gmock.h"
#include "server/worker/convert_results.h"
#include "server/worker/convert_specs.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::worker {
namespace {

using ::seedbed::testing::StatusIs;

TEST(ConvertMaximizeTest, Spec) {
  v1::Assignment assignment;
  assignment.mutable_inputs()->set_model_version(3);
  v1::MaximizeSpec& from = *assignment.mutable_spec()->mutable_maximize();
  EXPECT_THAT(ToMaximizeSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument));
  from.set_model("net:3");
  from.set_layer("conv");
  from.add_filters(4);
  from.set_mode(v1::MAXIMIZE_MODE_REFERENCE);
  from.set_score(v1::CLASS_SCORE_KIND_SOFTMAX);
  from.set_steps(20);
  from.set_step_size(0.5);
  from.set_width(64);
  from.set_seed(5);
  from.set_preview_every(10);
  from.set_batch_size(2);
  SB_ASSERT_OK_AND_ASSIGN(const tasks::MaximizeSpec spec, ToMaximizeSpec(assignment));
  EXPECT_EQ(spec.model, "net");
  EXPECT_EQ(spec.model_version, 3);
  EXPECT_EQ(spec.layer, "conv");
  EXPECT_EQ(spec.filters, std::vector<int64_t>{4});
  EXPECT_TRUE(spec.softmax);
  EXPECT_EQ(spec.width, 64);
  EXPECT_EQ(spec.height, 0);
  EXPECT_EQ(spec.preview_every, 10);
  EXPECT_EQ(spec.ascent.mode, ascent::Mode::kReference);
  EXPECT_EQ(spec.ascent.steps, 20);
  EXPECT_EQ(spec.ascent.step_size, 0.5);
  EXPECT_EQ(spec.ascent.seed, 5u);
  EXPECT_EQ(spec.ascent.batch, 2u);
}

TEST(ConvertMaximizeTest, Result) {
  const tasks::MaximizeResult result{
      .sheet = {.file = "net-classes.png", .width = 300, .height = 200, .bytes = 70},
      .pictures = {{.target = "maize", .file = "net-class-0-maize.png", .activation = 9, .start_activation = 1, .probability = 0.75},
                   {.target = "conv 3", .file = "net-conv-3.png", .activation = 5, .start_activation = 2, .probability = std::nullopt}}};
  const TaskOutput output = ToOutput(v1::Assignment(), result);
  EXPECT_EQ(output.record, "");
  const v1::MaximizeResult& maximize = output.result.maximize();
  EXPECT_EQ(maximize.sheet().file(), "net-classes.png");
  EXPECT_EQ(maximize.sheet().bytes(), 70);
  ASSERT_EQ(maximize.pictures_size(), 2);
  EXPECT_EQ(maximize.pictures(0).target(), "maize");
  EXPECT_EQ(maximize.pictures(0).probability(), 0.75);
  EXPECT_EQ(maximize.pictures(1).file(), "net-conv-3.png");
  EXPECT_EQ(maximize.pictures(1).activation(), 5);
  EXPECT_EQ(maximize.pictures(1).start_activation(), 2);
  EXPECT_FALSE(maximize.pictures(1).has_probability());
}

}  // namespace
}  // namespace seedbed::worker
