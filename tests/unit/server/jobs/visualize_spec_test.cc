#include "server/jobs/visualize_spec.h"

#include <functional>
#include <string>
#include <vector>

#include "server/jobs/validation.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

v1::JobSpec VisualizeJob(v1::View view) {
  v1::JobSpec spec;
  spec.mutable_visualize()->set_view(view);
  spec.mutable_visualize()->set_dataset("maize");
  if (view == v1::VIEW_AUGMENT) spec.mutable_visualize()->mutable_augment()->add_values()->set_string_value("light");
  return spec;
}

TEST(VisualizeSpec, FillsInTheDefaultsOfEachView) {
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec samples, EffectiveSpec(VisualizeJob(v1::VIEW_SAMPLES)));
  EXPECT_EQ(samples.visualize().count(), 6);
  EXPECT_EQ(samples.visualize().width(), 150);
  EXPECT_EQ(samples.visualize().height(), 150);
  EXPECT_EQ(samples.visualize().interpolation(), v1::INTERPOLATION_BILINEAR);
  EXPECT_FALSE(samples.visualize().has_variants());
  v1::JobSpec spec = VisualizeJob(v1::VIEW_AUGMENT);
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec augment, EffectiveSpec(spec));
  EXPECT_EQ(augment.visualize().count(), 4);
  EXPECT_EQ(augment.visualize().variants(), 6);
  spec.mutable_visualize()->set_steps(true);
  EXPECT_EQ(EffectiveSpec(spec)->visualize().variants(), 1);
  EXPECT_EQ(EffectiveSpec(VisualizeJob(v1::VIEW_BACKGROUND))->visualize().count(), 6);
}

TEST(VisualizeSpec, TakesTheSizeOfTheNetwork) {
  v1::JobSpec spec = VisualizeJob(v1::VIEW_SAMPLES);
  spec.mutable_visualize()->set_arch("vgg16");
  EXPECT_EQ(EffectiveSpec(spec)->visualize().width(), 224);
  spec.mutable_visualize()->set_width(64);
  EXPECT_EQ(EffectiveSpec(spec)->visualize().width(), 64);
}

TEST(VisualizeSpec, CountsNamedImagesByTheirNames) {
  v1::JobSpec spec = VisualizeJob(v1::VIEW_SAMPLES);
  spec.mutable_visualize()->add_images("Maize/7.png");
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec effective, EffectiveSpec(spec));
  EXPECT_FALSE(effective.visualize().has_count());
}

struct BadVisualize {
  std::string field;
  v1::View view;
  std::function<void(v1::VisualizeSpec&)> spoil;
};

TEST(VisualizeSpec, NamesTheFieldThatIsOutOfItsLimitsOrOfAnotherView) {
  const std::vector<BadVisualize> specs = {
      {"view", v1::VIEW_SAMPLES, [](auto& s) { s.clear_view(); }},
      {"view", v1::VIEW_SAMPLES, [](auto& s) { s.set_view(static_cast<v1::View>(9)); }},
      {"dataset", v1::VIEW_SAMPLES, [](auto& s) { s.clear_dataset(); }},
      {"dataset_version", v1::VIEW_SAMPLES, [](auto& s) { s.set_dataset_version(-1); }},
      {"split", v1::VIEW_SAMPLES, [](auto& s) { s.set_split("a b"); }},
      {"subset", v1::VIEW_SAMPLES, [](auto& s) { s.set_subset("train"); }},
      {"count", v1::VIEW_SAMPLES, [](auto& s) { s.set_count(0); }},
      {"count", v1::VIEW_SAMPLES, [](auto& s) { s.set_count(1001); }},
      {"count", v1::VIEW_SAMPLES,
       [](auto& s) {
         s.add_images("Maize/7.png");
         s.set_count(3);
       }},
      {"images", v1::VIEW_SAMPLES, [](auto& s) { s.add_images(std::string(5000, 'x')); }},
      {"images", v1::VIEW_SAMPLES,
       [](auto& s) {
         for (int i = 0; i < 1001; ++i) s.add_images("Maize/7.png");
       }},
      {"arch", v1::VIEW_SAMPLES, [](auto& s) { s.set_arch("vgg17"); }},
      {"width", v1::VIEW_SAMPLES, [](auto& s) { s.set_width(5000); }},
      {"height", v1::VIEW_SAMPLES, [](auto& s) { s.set_height(-1); }},
      {"interpolation", v1::VIEW_SAMPLES, [](auto& s) { s.set_interpolation(static_cast<v1::Interpolation>(99)); }},
      {"augment", v1::VIEW_SAMPLES, [](auto& s) { s.mutable_augment()->add_values()->set_string_value("light"); }},
      {"variants", v1::VIEW_BACKGROUND, [](auto& s) { s.set_variants(3); }},
      {"steps", v1::VIEW_SAMPLES, [](auto& s) { s.set_steps(true); }},
      {"suggest", v1::VIEW_AUGMENT, [](auto& s) { s.set_suggest(true); }},
      {"augment", v1::VIEW_AUGMENT, [](auto& s) { s.clear_augment(); }},
      {"variants", v1::VIEW_AUGMENT, [](auto& s) { s.set_variants(0); }},
      {"variants", v1::VIEW_AUGMENT, [](auto& s) { s.set_variants(101); }},
  };
  for (const BadVisualize& bad : specs) {
    v1::JobSpec spec = VisualizeJob(bad.view);
    SB_ASSERT_OK(EffectiveSpec(spec));
    bad.spoil(*spec.mutable_visualize());
    const absl::Status status = EffectiveSpec(spec).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.field)));
    EXPECT_EQ(FieldOf(status), "spec.visualize." + bad.field) << status;
  }
}

TEST_F(JobManagerTest, RefusesContactSheetsOfWhatIsNotThere) {
  EXPECT_EQ(FieldOf(TrySubmit(VisualizeJob(v1::VIEW_SAMPLES)).status()), "spec.visualize.dataset");
}

}  // namespace
}  // namespace seedbed::jobs
