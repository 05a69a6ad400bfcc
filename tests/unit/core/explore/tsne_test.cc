#include "core/explore/tsne.h"

#include <cmath>

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::explore {
namespace {

using ::seedbed::testing::StatusIs;

// Three groups of rows on a line, far apart.
class TsneTest : public ::testing::Test {
 protected:
  TsneTest() {
    std::vector<double> rows;
    for (int i = 0; i < 90; ++i) {
      rows.push_back(100 * (i % 3) + std::sin(i * 12.9898));
      start_.push_back({1e-4 * std::sin(i * 3.7), 1e-4 * std::cos(i * 1.9)});
    }
    ThreadPool pool(1);
    affinities_ = *FindAffinities(rows, 1, 8, &pool, nullptr);
  }
  absl::StatusOr<Embedding> Run(size_t threads) const {
    ThreadPool pool(threads);
    return Embed(affinities_, start_, {.iterations = 400}, &pool, nullptr);
  }
  static double Apart(const Point& a, const Point& b) { return std::hypot(a[0] - b[0], a[1] - b[1]); }

  Affinities affinities_;
  std::vector<Point> start_;
};

TEST_F(TsneTest, GroupsStayTogether) {
  SB_ASSERT_OK_AND_ASSIGN(const Embedding found, Run(2));
  for (size_t a = 0; a < 90; ++a) {
    size_t nearest = (a + 1) % 90;
    for (size_t b = 0; b < 90; ++b) {
      if (b != a && Apart(found.points[a], found.points[b]) < Apart(found.points[a], found.points[nearest])) nearest = b;
    }
    EXPECT_EQ(nearest % 3, a % 3);
  }
  EXPECT_GT(found.divergence, 0);
}

TEST_F(TsneTest, DoesNotDependOnThreads) {
  SB_ASSERT_OK_AND_ASSIGN(const Embedding one, Run(1));
  SB_ASSERT_OK_AND_ASSIGN(const Embedding many, Run(4));
  EXPECT_EQ(one.points, many.points);
  EXPECT_EQ(one.divergence, many.divergence);
}

TEST_F(TsneTest, StopsWithinOneIteration) {
  ThreadPool pool(1);
  int asked = 0;
  const auto on_iteration = [&](int done, int total) {
    EXPECT_EQ(total, 1000);
    ++asked;
    return done < 3;
  };
  EXPECT_THAT(Embed(affinities_, start_, {}, &pool, on_iteration).status(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(asked, 4);
}

}  // namespace
}  // namespace seedbed::explore
