#include "core/features/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/status_matchers.h"

namespace seedbed::features {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Pool, NamesGoBothWays) {
  for (const Pool pool : {Pool::kNone, Pool::kAverage, Pool::kMax}) EXPECT_EQ(PoolFromName(PoolName(pool)), pool);
  EXPECT_EQ(PoolFromName("mean"), std::nullopt);
}

TEST(Pool, ShapeLosesHeightAndWidth) {
  EXPECT_THAT(*PooledShape({7, 5, 1280}, Pool::kAverage), ElementsAre(1280));
  EXPECT_THAT(*PooledShape({7, 5, 1280}, Pool::kMax), ElementsAre(1280));
  EXPECT_THAT(*PooledShape({7, 5, 1280}, Pool::kNone), ElementsAre(7, 5, 1280));
  EXPECT_THAT(*PooledShape({9}, Pool::kNone), ElementsAre(9));
  EXPECT_THAT(PooledShape({1280}, Pool::kMax), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1280")));
}

TEST(Pool, GoesOverPositions) {
  const std::vector<float> values = {1, -8, 2, -6, 6, -7};  // three positions of two channels
  std::vector<float> pooled(2);
  PoolPositions(values, Pool::kAverage, pooled);
  EXPECT_THAT(pooled, ElementsAre(3, -7));
  PoolPositions(values, Pool::kMax, pooled);
  EXPECT_THAT(pooled, ElementsAre(6, -6));
}

}  // namespace
}  // namespace seedbed::features
