#include "server/jobs/state_machine.h"

#include <set>
#include <utility>

#include "gtest/gtest.h"

namespace seedbed::jobs {
namespace {

using Pair = std::pair<v1::JobState, v1::JobState>;

// The drawing of state_machine.h, written down a second time.
const std::set<Pair>& Legal() {
  using namespace seedbed::v1;  // NOLINT: the enumeration's names make the table readable
  static const auto& table = *new std::set<Pair>{
      {JOB_STATE_UNSPECIFIED, JOB_STATE_WAITING}, {JOB_STATE_UNSPECIFIED, JOB_STATE_PENDING}, {JOB_STATE_WAITING, JOB_STATE_PENDING},
      {JOB_STATE_WAITING, JOB_STATE_FAILED},      {JOB_STATE_WAITING, JOB_STATE_CANCELLED},   {JOB_STATE_PENDING, JOB_STATE_ASSIGNED},
      {JOB_STATE_PENDING, JOB_STATE_FAILED},      {JOB_STATE_PENDING, JOB_STATE_CANCELLED},   {JOB_STATE_ASSIGNED, JOB_STATE_RUNNING},
      {JOB_STATE_ASSIGNED, JOB_STATE_PENDING},    {JOB_STATE_ASSIGNED, JOB_STATE_FAILED},     {JOB_STATE_ASSIGNED, JOB_STATE_CANCELLED},
      {JOB_STATE_RUNNING, JOB_STATE_PENDING},     {JOB_STATE_RUNNING, JOB_STATE_SUCCEEDED},   {JOB_STATE_RUNNING, JOB_STATE_FAILED},
      {JOB_STATE_RUNNING, JOB_STATE_CANCELLED}};
  return table;
}

// One case per pair of states, the illegal ones included.
class Transition : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(Transition, IsLegalExactlyWhenTheDrawingHasIt) {
  const auto from = static_cast<v1::JobState>(std::get<0>(GetParam()));
  const auto to = static_cast<v1::JobState>(std::get<1>(GetParam()));
  EXPECT_EQ(IsLegalTransition(from, to), Legal().contains({from, to}));
}

INSTANTIATE_TEST_SUITE_P(All, Transition,
                         ::testing::Combine(::testing::Range(0, v1::JobState_ARRAYSIZE), ::testing::Range(0, v1::JobState_ARRAYSIZE)),
                         [](const auto& param_info) {
                           const auto name = [](int state) { return v1::JobState_Name(static_cast<v1::JobState>(state)).substr(10); };
                           return name(std::get<0>(param_info.param)) + "_" + name(std::get<1>(param_info.param));
                         });

TEST(StateMachine, TerminalStatesNeverChange) {
  for (int from = 0; from < v1::JobState_ARRAYSIZE; ++from) {
    if (!IsTerminal(static_cast<v1::JobState>(from))) continue;
    for (int to = 0; to < v1::JobState_ARRAYSIZE; ++to) {
      EXPECT_FALSE(IsLegalTransition(static_cast<v1::JobState>(from), static_cast<v1::JobState>(to)));
    }
  }
}

TEST(StateMachine, EveryStateButTheTerminalOnesCanEndAndBeReached) {
  for (int state = v1::JOB_STATE_WAITING; state <= v1::JOB_STATE_CANCELLED; ++state) {
    bool reached = false;
    for (int from = 0; from < v1::JobState_ARRAYSIZE; ++from) {
      reached |= IsLegalTransition(static_cast<v1::JobState>(from), static_cast<v1::JobState>(state));
    }
    EXPECT_TRUE(reached) << state;
    if (IsTerminal(static_cast<v1::JobState>(state))) continue;
    EXPECT_TRUE(IsLegalTransition(static_cast<v1::JobState>(state), v1::JOB_STATE_CANCELLED)) << state;
  }
}

}  // namespace
}  // namespace seedbed::jobs
