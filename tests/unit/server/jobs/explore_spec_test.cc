#include "server/jobs/explore_spec.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "server/jobs/validation.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

v1::JobSpec MapJob() {
  v1::JobSpec spec;
  spec.mutable_explore()->set_features("f");
  spec.mutable_explore()->mutable_map();
  return spec;
}

v1::JobSpec NeighboursJob() {
  v1::JobSpec spec;
  spec.mutable_explore()->set_features("f");
  spec.mutable_explore()->mutable_neighbours()->add_images("Maize/7.png");
  return spec;
}

TEST(ExploreSpec, FillsInTheDefaults) {
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec map, EffectiveSpec(MapJob()));
  EXPECT_EQ(map.explore().map().projection(), v1::FeatureMap::PROJECTION_TSNE);
  EXPECT_EQ(map.explore().map().iterations(), 1000);
  EXPECT_EQ(map.explore().map().perplexity(), 0);  // what fits, which the worker knows
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec neighbours, EffectiveSpec(NeighboursJob()));
  EXPECT_EQ(neighbours.explore().neighbours().count(), 8);
  EXPECT_EQ(neighbours.explore().neighbours().distance(), v1::Neighbours::DISTANCE_COSINE);
  v1::JobSpec spec = MapJob();
  spec.mutable_explore()->mutable_map()->set_projection(v1::FeatureMap::PROJECTION_PCA);
  EXPECT_EQ(EffectiveSpec(spec)->explore().map().iterations(), 0);
}

struct BadExplore {
  std::string field;
  v1::JobSpec spec;
  std::function<void(v1::ExploreSpec&)> spoil;
};

class BadExploreTest : public ::testing::TestWithParam<BadExplore> {};

TEST_P(BadExploreTest, IsRefusedWithItsField) {
  v1::JobSpec spec = GetParam().spec;
  GetParam().spoil(*spec.mutable_explore());
  EXPECT_THAT(EffectiveSpec(spec).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().field)));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadExploreTest,
    ::testing::Values(
        BadExplore{"spec.explore.features", MapJob(), [](auto& spec) { spec.set_features("F f"); }},
        BadExplore{"spec.explore.view", MapJob(), [](auto& spec) { spec.clear_view(); }},
        BadExplore{"spec.explore.map.perplexity", MapJob(), [](auto& spec) { spec.mutable_map()->set_perplexity(1.5); }},
        BadExplore{"spec.explore.map.perplexity", MapJob(), [](auto& spec) { spec.mutable_map()->set_perplexity(1001); }},
        BadExplore{"spec.explore.map.perplexity", MapJob(),
                   [](auto& spec) { spec.mutable_map()->set_perplexity(std::numeric_limits<double>::quiet_NaN()); }},
        BadExplore{"spec.explore.map.iterations", MapJob(), [](auto& spec) { spec.mutable_map()->set_iterations(249); }},
        BadExplore{"spec.explore.map.iterations", MapJob(),
                   [](auto& spec) {
                     spec.mutable_map()->set_projection(v1::FeatureMap::PROJECTION_PCA);
                     spec.mutable_map()->set_iterations(500);
                   }},
        BadExplore{"spec.explore.neighbours.images", NeighboursJob(), [](auto& spec) { spec.mutable_neighbours()->clear_images(); }},
        BadExplore{"spec.explore.neighbours.images", NeighboursJob(),
                   [](auto& spec) {
                     for (int i = 0; i < 256; ++i) spec.mutable_neighbours()->add_images("a/b.png");
                   }},
        BadExplore{"spec.explore.neighbours.uploads", NeighboursJob(),
                   [](auto& spec) { spec.mutable_neighbours()->add_uploads()->set_sha256("A"); }},
        BadExplore{"spec.explore.neighbours.count", NeighboursJob(), [](auto& spec) { spec.mutable_neighbours()->set_count(1001); }},
        BadExplore{"spec.explore.neighbours.distance", NeighboursJob(),
                   [](auto& spec) { spec.mutable_neighbours()->set_distance(static_cast<v1::Neighbours::Distance>(9)); }}));

}  // namespace
}  // namespace seedbed::jobs
