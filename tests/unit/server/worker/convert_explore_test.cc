#include "gmock/gmock.h"
#include "server/worker/convert_results.h"
#include "server/worker/convert_specs.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::worker {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;

v1::Assignment NewAssignment() {
  v1::Assignment assignment;
  assignment.mutable_spec()->mutable_explore()->set_features("f");
  assignment.mutable_inputs()->set_features_dir("/data/features/f.zarr");
  assignment.mutable_inputs()->set_dataset_dir("/data/datasets/maize/1");
  assignment.mutable_inputs()->set_model_dir("/data/models/base/2");
  return assignment;
}

TEST(ConvertExploreTest, Map) {
  v1::Assignment assignment = NewAssignment();
  v1::FeatureMap& map = *assignment.mutable_spec()->mutable_explore()->mutable_map();
  SB_ASSERT_OK_AND_ASSIGN(tasks::ExploreSpec spec, ToExploreSpec(assignment));
  EXPECT_EQ(spec.features, "f");
  EXPECT_EQ(spec.features_dir, "/data/features/f.zarr");
  EXPECT_EQ(spec.dataset_dir, "/data/datasets/maize/1");
  EXPECT_EQ(spec.model_dir, "/data/models/base/2");
  EXPECT_EQ(std::get<tasks::FeatureMapSpec>(spec.view).options.projection, explore::Projection::kTsne);
  EXPECT_EQ(std::get<tasks::FeatureMapSpec>(spec.view).options.iterations, 1000);
  map.set_projection(v1::FeatureMap::PROJECTION_PCA);
  map.set_perplexity(7);
  map.set_iterations(300);
  map.set_seed(9);
  map.set_pictures(true);
  SB_ASSERT_OK_AND_ASSIGN(spec, ToExploreSpec(assignment));
  const auto& view = std::get<tasks::FeatureMapSpec>(spec.view);
  EXPECT_EQ(view.options.projection, explore::Projection::kPca);
  EXPECT_EQ(view.options.perplexity, 7);
  EXPECT_EQ(view.options.iterations, 300);
  EXPECT_EQ(view.options.seed, 9);
  EXPECT_TRUE(view.pictures);
  map.set_projection(static_cast<v1::FeatureMap::Projection>(9));
  EXPECT_THAT(ToExploreSpec(assignment).status(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ConvertExploreTest, Neighbours) {
  v1::Assignment assignment = NewAssignment();
  EXPECT_THAT(ToExploreSpec(assignment).status(), StatusIs(absl::StatusCode::kInvalidArgument));
  v1::Neighbours& neighbours = *assignment.mutable_spec()->mutable_explore()->mutable_neighbours();
  neighbours.add_images("Maize/7.png");
  neighbours.add_uploads()->set_name("photo.jpg");
  neighbours.set_count(3);
  neighbours.set_distance(v1::Neighbours::DISTANCE_EUCLIDEAN);
  SB_ASSERT_OK_AND_ASSIGN(const tasks::ExploreSpec spec, ToExploreSpec(assignment));
  const auto& view = std::get<tasks::NeighboursSpec>(spec.view);
  EXPECT_THAT(view.images, ElementsAre("Maize/7.png"));
  ASSERT_EQ(view.uploads.size(), 1);
  EXPECT_EQ(view.uploads[0].name, "photo.jpg");
  EXPECT_EQ(view.count, 3);
  EXPECT_EQ(view.distance, explore::Distance::kEuclidean);
}

TEST(ConvertExploreTest, Result) {
  tasks::ExploreResult result{.sheet = {.file = "f-neighbours.png", .width = 8, .height = 6, .bytes = 70},
                              .files = {"f-neighbours.csv"},
                              .images = 480,
                              .neighbours = {{.name = "Maize/7.png", .neighbours = {{"Maize/9.png", "Maize", 0.25}}}}};
  const TaskOutput output = ToOutput(v1::Assignment(), result);
  EXPECT_EQ(output.record, "");
  const v1::ExploreResult& explore = output.result.explore();
  EXPECT_EQ(explore.sheet().file(), "f-neighbours.png");
  EXPECT_EQ(explore.sheet().bytes(), 70);
  EXPECT_THAT(explore.files(), ElementsAre("f-neighbours.csv"));
  EXPECT_EQ(explore.images(), 480);
  EXPECT_EQ(explore.neighbours(0).name(), "Maize/7.png");
  EXPECT_EQ(explore.neighbours(0).neighbours(0).path(), "Maize/9.png");
  EXPECT_EQ(explore.neighbours(0).neighbours(0).class_name(), "Maize");
  EXPECT_EQ(explore.neighbours(0).neighbours(0).distance(), 0.25);
}

}  // namespace
}  // namespace seedbed::worker
