#include "core/train/thread_team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace seedbed::train {
namespace {

class Teams : public ::testing::TestWithParam<int> {};

TEST_P(Teams, RunEveryIndexOnceInEveryRound) {
  ThreadTeam team(GetParam());
  EXPECT_EQ(team.size(), GetParam());
  for (const size_t count : {size_t{0}, size_t{1}, size_t{3}, size_t{100}}) {
    for (int round = 0; round < 200; ++round) {
      std::vector<int> runs(count);
      std::vector<int> by_member(static_cast<size_t>(GetParam()));
      team.ParallelFor(count, [&](size_t index, int member) {
        ++runs[index];
        ++by_member[static_cast<size_t>(member)];
      });
      EXPECT_THAT(runs, ::testing::Each(1));
      int total = 0;
      for (const int n : by_member) total += n;
      EXPECT_EQ(total, static_cast<int>(count));
    }
  }
}

TEST_P(Teams, SeeWhatTheRoundBeforeWrote) {
  ThreadTeam team(GetParam());
  std::vector<int> values(17), before = values;
  for (int round = 0; round < 1'000; ++round) {
    team.ParallelFor(values.size(), [&](size_t index, int) { values[index] = before[(index + 5) % values.size()] + 1; });
    std::swap(values, before);
  }
  std::swap(values, before);
  EXPECT_THAT(values, ::testing::Each(1'000));
}

TEST_P(Teams, MayBeUnused) { ThreadTeam team(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Sizes, Teams, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace seedbed::train
