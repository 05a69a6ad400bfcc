#include "core/explore/feature_map.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/explore/random_rows.h"

namespace seedbed::explore {
namespace {

using ::seedbed::testing::RandomRows;
using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class FeatureMapTest : public ::testing::Test {
 protected:
  absl::StatusOr<FeatureMap> Make(const RandomRows& rows, const MapOptions& options) {
    return MakeFeatureMap(rows.source(), rows.labels(), options, &pool_, nullptr);
  }
  ThreadPool pool_{2};
};

TEST_F(FeatureMapTest, ComponentsHaveTheirSharesOfTheVariance) {
  SB_ASSERT_OK_AND_ASSIGN(const FeatureMap map, Make(RandomRows(60, 12, 3), {.projection = Projection::kPca}));
  EXPECT_THAT(map.points, SizeIs(60));
  EXPECT_THAT(map.rows, SizeIs(60));
  EXPECT_GE(map.shares[0], map.shares[1]);
  EXPECT_GT(map.shares[1], 0);
  EXPECT_LE(map.shares[0] + map.shares[1], 1 + 1e-12);
}

TEST_F(FeatureMapTest, TheSameInputGivesTheSameMap) {
  const RandomRows rows(60, 12, 3);
  SB_ASSERT_OK_AND_ASSIGN(const FeatureMap map, Make(rows, {.iterations = 250}));
  SB_ASSERT_OK_AND_ASSIGN(const FeatureMap again, Make(rows, {.iterations = 250}));
  SB_ASSERT_OK_AND_ASSIGN(const FeatureMap other, Make(rows, {.iterations = 250, .seed = 1}));
  EXPECT_NEAR(map.perplexity, 59.0 / 3, 1e-12);  // 30 does not fit
  EXPECT_EQ(map.points, again.points);
  EXPECT_NE(map.points, other.points);
}

TEST_F(FeatureMapTest, PlacesASampleWithEachClassesShare) {
  const RandomRows rows(60, 12, 3);
  SB_ASSERT_OK_AND_ASSIGN(const FeatureMap map, Make(rows, {.iterations = 250, .max_rows = 30}));
  EXPECT_THAT(map.points, SizeIs(30));
  EXPECT_TRUE(std::is_sorted(map.rows.begin(), map.rows.end()));
  std::map<int32_t, int> of_class;
  for (const uint32_t row : map.rows) ++of_class[rows.labels()[row]];
  EXPECT_THAT(of_class, ElementsAre(Pair(0, 10), Pair(1, 10), Pair(2, 10)));
}

TEST_F(FeatureMapTest, FewRowsAndFewValues) {
  for (const size_t values : {1, 2}) {
    SB_ASSERT_OK_AND_ASSIGN(const FeatureMap map, Make(RandomRows(4, values, 1), {.iterations = 250}));
    for (const Point& point : map.points) EXPECT_TRUE(std::isfinite(point[0]) && std::isfinite(point[1]));
  }
  EXPECT_THAT(Make(RandomRows(3, 5, 1), {}).status(), StatusIs(kInvalid, HasSubstr("at least 4 images; there are 3")));
  EXPECT_THAT(Make(RandomRows(3, 5, 1), {.projection = Projection::kPca}).status(), StatusIs(kInvalid));
}

TEST_F(FeatureMapTest, EqualRowsHaveAMapToo) {
  RandomRows rows(20, 3, 1);
  std::fill(rows.numbers().begin(), rows.numbers().end(), 2.5f);
  for (const Projection projection : {Projection::kPca, Projection::kTsne}) {
    SB_ASSERT_OK_AND_ASSIGN(const FeatureMap map, Make(rows, {.projection = projection, .iterations = 250}));
    for (const Point& point : map.points) EXPECT_TRUE(std::isfinite(point[0]) && std::isfinite(point[1]));
  }
}

TEST_F(FeatureMapTest, NamesTheLargestPerplexity) {
  EXPECT_THAT(Make(RandomRows(60, 12, 3), {.perplexity = 20}).status(),
              StatusIs(kInvalid, HasSubstr("perplexity is 20; for 60 images it must be below a third of them: at most 19")));
  SB_EXPECT_OK(Make(RandomRows(60, 12, 3), {.perplexity = 19, .iterations = 250}).status());
}

TEST_F(FeatureMapTest, StopsWhenCancelled) {
  std::vector<std::string> phases;
  const auto on_progress = [&](std::string_view phase, int done, int) {
    if (phases.empty() || phases.back() != phase) phases.emplace_back(phase);
    return done < 2;
  };
  const RandomRows rows(60, 12, 3);
  ThreadPool one(1);
  EXPECT_THAT(MakeFeatureMap(rows.source(), rows.labels(), {}, &one, on_progress).status(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(phases.back(), "t-SNE");
}

}  // namespace
}  // namespace seedbed::explore
