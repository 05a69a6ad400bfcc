#include "core/explore/neighbours.h"

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/explore/random_rows.h"

namespace seedbed::explore {
namespace {

using ::seedbed::testing::RandomRows;
using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::SizeIs;

class NeighboursTest : public ::testing::Test {
 protected:
  RowSource rows() const {
    return {numbers_.size() / 2, 2, [this](size_t row) { return std::span<const float>(numbers_).subspan(row * 2, 2); }};
  }
  std::vector<FoundRow> Find(const Query& query, size_t count, Distance distance) {
    const auto found = FindNeighbours(rows(), {query}, count, distance, &pool_, nullptr);
    SB_EXPECT_OK(found.status());
    return found->front();
  }
  static auto Row(uint32_t row) { return Field(&FoundRow::row, row); }

  std::vector<float> numbers_ = {1, 0, 2, 0, 0, 3, 3, 3, 0, 0, 1, 0};
  ThreadPool pool_{2};
};

TEST_F(NeighboursTest, NearestByLengthOfTheDifference) {
  const auto found = Find({.values = {1, 0.5}}, 3, Distance::kEuclidean);
  EXPECT_THAT(found, ElementsAre(Row(0), Row(5), Row(1)));  // of the equal rows 0 and 5 the first one first
  EXPECT_NEAR(found[0].distance, 0.5, 1e-12);
  EXPECT_NEAR(found[2].distance, 1.118033988749895, 1e-12);
}

TEST_F(NeighboursTest, NearestByAngle) {
  const auto found = Find({.values = {5, 0}}, 6, Distance::kCosine);
  EXPECT_THAT(found, ElementsAre(Row(0), Row(1), Row(5), Row(3), Row(2), Row(4)));
  EXPECT_EQ(found[1].distance, 0);
  EXPECT_NEAR(found[3].distance, 1 - 0.70710678118654752, 1e-9);
  EXPECT_EQ(found[5].distance, 1);  // nothing has an angle to zeros
}

TEST_F(NeighboursTest, ARowIsNotItsOwnNeighbour) {
  EXPECT_THAT(Find({.values = {}, .row = 0}, 2, Distance::kEuclidean), ElementsAre(Row(5), Row(1)));
  EXPECT_THAT(Find({.values = {}, .row = 0}, 100, Distance::kEuclidean), SizeIs(5));
}

TEST_F(NeighboursTest, ManyRowsInPiecesAndOnAnyThreads) {
  const RandomRows many(6000, 200, 30);
  std::vector<Query> queries;
  for (uint32_t row = 0; row < 5; ++row) queries.push_back({.values = {}, .row = row * 1000});
  ThreadPool one(1);
  SB_ASSERT_OK_AND_ASSIGN(const auto a, FindNeighbours(many.source(), queries, 7, Distance::kCosine, &one, nullptr));
  SB_ASSERT_OK_AND_ASSIGN(const auto b, FindNeighbours(many.source(), queries, 7, Distance::kCosine, &pool_, nullptr));
  for (size_t q = 0; q < queries.size(); ++q) {
    ASSERT_THAT(a[q], SizeIs(7));
    for (size_t i = 0; i < 7; ++i) {
      EXPECT_EQ(a[q][i].row, b[q][i].row);
      EXPECT_EQ(a[q][i].distance, b[q][i].distance);
      EXPECT_EQ(many.labels()[a[q][i].row], many.labels()[*queries[q].row]);
      EXPECT_LE(a[q][i == 0 ? 0 : i - 1].distance, a[q][i].distance);
    }
  }
}

TEST_F(NeighboursTest, StopsWhenCancelled) {
  EXPECT_THAT(FindNeighbours(rows(), {{.values = {1, 1}}}, 1, Distance::kCosine, &pool_, [] { return false; }).status(),
              StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::explore
