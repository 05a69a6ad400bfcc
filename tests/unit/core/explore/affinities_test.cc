#include "core/explore/affinities.h"

#include <cmath>
#include <map>

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::explore {
namespace {

using ::seedbed::testing::StatusIs;

std::map<std::pair<size_t, size_t>, double> Entries(const Affinities& affinities) {
  std::map<std::pair<size_t, size_t>, double> entries;
  for (size_t row = 0; row < affinities.rows(); ++row) {
    for (size_t i = affinities.begin[row]; i < affinities.begin[row + 1]; ++i) entries[{row, affinities.columns[i]}] = affinities.values[i];
  }
  return entries;
}

TEST(FindAffinities, AreSymmetricAndSumUpToOne) {
  std::vector<double> points;
  for (int i = 0; i < 60; ++i) points.push_back(i * i);
  ThreadPool pool(2);
  SB_ASSERT_OK_AND_ASSIGN(const Affinities affinities, FindAffinities(points, 1, 4, &pool, nullptr));
  double sum = 0;
  const auto entries = Entries(affinities);
  for (const auto& [place, value] : entries) {
    EXPECT_NE(place.first, place.second);
    ASSERT_TRUE(entries.contains({place.second, place.first}));
    EXPECT_EQ(value, entries.at({place.second, place.first}));
    sum += value;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(FindAffinities, EquallyFarRowsAreEquallyNear) {
  // The corners of a square: the perplexity of two neighbours out of three.
  const std::vector<double> points = {0, 0, 1, 0, 1, 1, 0, 1};
  ThreadPool pool(1);
  SB_ASSERT_OK_AND_ASSIGN(const Affinities affinities, FindAffinities(points, 2, 2, &pool, nullptr));
  const auto entries = Entries(affinities);
  EXPECT_NEAR(entries.at({0, 1}), entries.at({2, 3}), 1e-12);
  EXPECT_NEAR(entries.at({0, 2}), entries.at({1, 3}), 1e-12);
  EXPECT_GT(entries.at({0, 1}), entries.at({0, 2}));
}

TEST(FindAffinities, DoNotDependOnThreadsOrScale) {
  std::vector<double> points, larger;
  for (int i = 0; i < 400; ++i) points.push_back(std::sin(i * 12.9898) * 3);
  for (const double one : points) larger.push_back(one * 1024);
  ThreadPool one(1), many(4);
  SB_ASSERT_OK_AND_ASSIGN(const Affinities a, FindAffinities(points, 2, 10, &one, nullptr));
  SB_ASSERT_OK_AND_ASSIGN(const Affinities b, FindAffinities(points, 2, 10, &many, nullptr));
  SB_ASSERT_OK_AND_ASSIGN(const Affinities c, FindAffinities(larger, 2, 10, &many, nullptr));
  EXPECT_EQ(a.columns, b.columns);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.values, c.values);
}

TEST(FindAffinities, EqualRowsShareEvenly) {
  const std::vector<double> points(12, 5.0);
  ThreadPool pool(1);
  SB_ASSERT_OK_AND_ASSIGN(const Affinities affinities, FindAffinities(points, 1, 3, &pool, nullptr));
  for (const double value : affinities.values) EXPECT_TRUE(std::isfinite(value));
}

TEST(FindAffinities, StopWhenCancelled) {
  ThreadPool pool(1);
  EXPECT_THAT(FindAffinities({1, 2, 3, 4}, 1, 1, &pool, [] { return false; }).status(), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::explore
