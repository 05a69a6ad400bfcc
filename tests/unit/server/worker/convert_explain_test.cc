// Explanations, from the protocol's words to core's and back.
#include "server/worker/convert_results.h"
#include "server/worker/convert_specs.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::worker {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

TEST(ConvertExplainTest, Attribution) {
  v1::Assignment assignment;
  v1::ExplainSpec& from = *assignment.mutable_spec()->mutable_explain();
  from.set_model("flowers:3");
  EXPECT_THAT(ToExplainSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument));
  from.add_images("Maize/7.png");
  from.add_uploads()->set_name("photo.jpg");
  from.mutable_uploads(0)->set_sha256("abc");
  from.mutable_attribution()->set_class_name("Maize");
  SB_ASSERT_OK_AND_ASSIGN(tasks::ExplainSpec spec, ToExplainSpec(assignment));
  EXPECT_EQ(spec.model, "flowers");
  EXPECT_EQ(spec.images, std::vector<std::string>{"Maize/7.png"});
  ASSERT_EQ(spec.uploads.size(), 1);
  EXPECT_EQ(spec.uploads[0].name, "photo.jpg");
  EXPECT_EQ(spec.uploads[0].sha256, "abc");
  const auto& attribution = std::get<tasks::AttributionSpec>(spec.view);
  EXPECT_EQ(attribution.method, std::nullopt);
  EXPECT_EQ(attribution.class_name, "Maize");
  EXPECT_EQ(attribution.samples, 50);
  EXPECT_EQ(attribution.noise, 0.15);
  EXPECT_EQ(attribution.steps, 50);
  from.mutable_attribution()->set_method(v1::Attribution::METHOD_OCCLUSION);
  from.mutable_attribution()->set_window(20);
  from.mutable_attribution()->set_stride(10);
  SB_ASSERT_OK_AND_ASSIGN(spec, ToExplainSpec(assignment));
  EXPECT_EQ(std::get<tasks::AttributionSpec>(spec.view).method, tasks::AttributionMethod::kOcclusion);
  EXPECT_EQ(std::get<tasks::AttributionSpec>(spec.view).window, 20);
  EXPECT_EQ(std::get<tasks::AttributionSpec>(spec.view).stride, 10);
  from.mutable_attribution()->set_method(static_cast<v1::Attribution::Method>(99));
  EXPECT_THAT(ToExplainSpec(assignment), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("method")));
}

TEST(ConvertExplainTest, Activations) {
  v1::Assignment assignment;
  v1::ExplainSpec& from = *assignment.mutable_spec()->mutable_explain();
  from.set_model("flowers");
  from.mutable_activations()->set_layer("block1_conv1");
  from.mutable_activations()->add_channels(7);
  SB_ASSERT_OK_AND_ASSIGN(const tasks::ExplainSpec spec, ToExplainSpec(assignment));
  const auto& activations = std::get<tasks::ActivationSpec>(spec.view);
  EXPECT_EQ(activations.layer, "block1_conv1");
  EXPECT_EQ(activations.channels, std::vector<int>{7});
  EXPECT_EQ(activations.count, 64);
}

TEST(ConvertExplainTest, Result) {
  const tasks::ExplainResult result{
      .sheet = {.file = "m-gradcam.png", .width = 800, .height = 600, .bytes = 70},
      .images = {{.name = "Maize/7.png", .class_name = "Maize", .probability = 0.75, .files = {"7-overlay.png", "7.npy"}}}};
  const TaskOutput output = ToOutput(v1::Assignment(), result);
  EXPECT_EQ(output.record, "");
  const v1::ExplainResult& explain = output.result.explain();
  EXPECT_EQ(explain.sheet().file(), "m-gradcam.png");
  EXPECT_EQ(explain.sheet().width(), 800);
  EXPECT_EQ(explain.sheet().height(), 600);
  EXPECT_EQ(explain.sheet().bytes(), 70);
  ASSERT_EQ(explain.images_size(), 1);
  EXPECT_EQ(explain.images(0).name(), "Maize/7.png");
  EXPECT_EQ(explain.images(0).class_name(), "Maize");
  EXPECT_EQ(explain.images(0).probability(), 0.75);
  EXPECT_EQ(explain.images(0).files(1), "7.npy");
}

}  // namespace
}  // namespace seedbed::worker
