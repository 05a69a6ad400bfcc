#include "core/explore/pca.h"

#include <cmath>

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/explore/random_rows.h"

namespace seedbed::explore {
namespace {

using ::seedbed::testing::RandomRows;
using ::seedbed::testing::StatusIs;
using ::testing::Each;
using ::testing::SizeIs;

TEST(FindPrincipalComponents, FindsTheDirectionsOfAnEllipse) {
  // Four points on the axes of an ellipse that is turned by the angle of (3, 4), away from the origin.
  std::vector<float> numbers;
  for (const auto& [along, across] : {std::pair(10.0, 0.0), {-10.0, 0.0}, {0.0, 2.0}, {0.0, -2.0}}) {
    numbers.push_back(static_cast<float>(100 + 0.6 * along - 0.8 * across));
    numbers.push_back(static_cast<float>(-50 + 0.8 * along + 0.6 * across));
  }
  const RowSource rows{4, 2, [&](size_t row) { return std::span<const float>(numbers).subspan(row * 2, 2); }};
  ThreadPool pool(1);
  SB_ASSERT_OK_AND_ASSIGN(const PrincipalComponents found, FindPrincipalComponents(rows, 5, &pool, nullptr));
  EXPECT_EQ(found.components, 2);
  ASSERT_THAT(found.scores, SizeIs(8));
  EXPECT_NEAR(found.scores[0], 10, 1e-5);  // positive along the larger loading
  EXPECT_NEAR(found.scores[1], 0, 1e-5);
  EXPECT_NEAR(std::abs(found.scores[5]), 2, 1e-5);
  EXPECT_NEAR(found.variances[0], 200.0 / 3, 1e-4);
  EXPECT_NEAR(found.variances[1], 8.0 / 3, 1e-4);
  EXPECT_NEAR(found.total_variance, 208.0 / 3, 1e-4);
}

TEST(FindPrincipalComponents, IterationFindsWhatTheExactWayFinds) {
  // 300 values are more than are looked at exactly, unless all of them are wanted.
  const RandomRows rows(400, 300, 6);
  ThreadPool pool(2);
  SB_ASSERT_OK_AND_ASSIGN(const PrincipalComponents iterated, FindPrincipalComponents(rows.source(), 5, &pool, nullptr));
  SB_ASSERT_OK_AND_ASSIGN(const PrincipalComponents exact, FindPrincipalComponents(rows.source(), 300, &pool, nullptr));
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(iterated.variances[i], exact.variances[i], 1e-8 * exact.variances[0]);
  double sum = 0;
  for (const double variance : exact.variances) sum += variance;
  EXPECT_NEAR(sum, exact.total_variance, 1e-8 * sum);
  // Scores of different components have nothing in common.
  for (size_t a = 0; a < 5; ++a) {
    for (size_t b = 0; b < a; ++b) {
      double product = 0;
      for (size_t row = 0; row < 400; ++row) product += iterated.scores[row * 5 + a] * iterated.scores[row * 5 + b];
      EXPECT_NEAR(product / 400, 0, 1e-6 * iterated.variances[0]);
    }
  }
}

TEST(FindPrincipalComponents, DoesNotDependOnThreads) {
  const RandomRows rows(700, 600, 4);
  ThreadPool one(1), many(5);
  SB_ASSERT_OK_AND_ASSIGN(const PrincipalComponents a, FindPrincipalComponents(rows.source(), 3, &one, nullptr));
  SB_ASSERT_OK_AND_ASSIGN(const PrincipalComponents b, FindPrincipalComponents(rows.source(), 3, &many, nullptr));
  EXPECT_EQ(a.scores, b.scores);
}

TEST(FindPrincipalComponents, EqualRowsVaryInNoDirection) {
  const std::vector<float> numbers(8, 0.1f);
  const RowSource rows{50, 8, [&](size_t) { return std::span<const float>(numbers); }};
  ThreadPool pool(1);
  SB_ASSERT_OK_AND_ASSIGN(const PrincipalComponents found, FindPrincipalComponents(rows, 2, &pool, nullptr));
  EXPECT_THAT(found.scores, Each(::testing::DoubleNear(0, 1e-12)));
  EXPECT_NEAR(found.total_variance, 0, 1e-12);
}

TEST(FindPrincipalComponents, StopsWhenCancelled) {
  const RandomRows rows(700, 600, 4);
  ThreadPool pool(1);
  EXPECT_THAT(FindPrincipalComponents(rows.source(), 3, &pool, [] { return false; }).status(), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::explore
