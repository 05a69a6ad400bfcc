#include "server/workers/slot_state.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_clock.h"

namespace seedbed::workers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class SlotStateTest : public ::testing::Test {
 protected:
  MonotonicTime now() const { return clock_.Monotonic(); }
  // A process that starts when it is due, lives for `life` and dies.
  void LiveAndDie(seconds life, bool works = false) {
    clock_.Advance(slot_.next_start() - now());
    ASSERT_TRUE(slot_.Started(now()));
    ASSERT_TRUE(slot_.Attached());
    ASSERT_TRUE(slot_.SetBusy(works));
    clock_.Advance(life);
    ASSERT_TRUE(slot_.Ended(now(), "exited with code 1"));
  }
  std::chrono::nanoseconds Pause() const { return slot_.next_start() - now(); }

  testing::FakeClock clock_;
  SlotState slot_{SlotState::Options(), clock_.Monotonic()};
};

TEST_F(SlotStateTest, LegalLife) {
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_UNSPECIFIED);
  EXPECT_EQ(slot_.next_start(), now());
  EXPECT_TRUE(slot_.Started(now()));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_STARTING);
  EXPECT_TRUE(slot_.Attached());
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_IDLE);
  EXPECT_TRUE(slot_.SetBusy(true));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_BUSY);
  EXPECT_TRUE(slot_.SetBusy(false));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_IDLE);
  EXPECT_TRUE(slot_.Ended(now(), "exited with code 3"));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_RESTARTING);
  EXPECT_EQ(slot_.last_end(), "exited with code 3");
  EXPECT_EQ(slot_.restarts(), 0);
  EXPECT_TRUE(slot_.Started(now()));
  EXPECT_EQ(slot_.restarts(), 1);
}

TEST_F(SlotStateTest, IllegalEventsChangeNothing) {
  EXPECT_FALSE(slot_.Attached());
  EXPECT_FALSE(slot_.SetBusy(true));
  EXPECT_FALSE(slot_.Ended(now(), "exited"));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_UNSPECIFIED);

  ASSERT_TRUE(slot_.Started(now()));
  EXPECT_FALSE(slot_.Started(now()));
  EXPECT_FALSE(slot_.NotStarted(now(), "no such file"));
  EXPECT_FALSE(slot_.SetBusy(true));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_STARTING);

  ASSERT_TRUE(slot_.Attached());
  EXPECT_FALSE(slot_.Attached());
  EXPECT_FALSE(slot_.Started(now()));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_IDLE);

  ASSERT_TRUE(slot_.Ended(now(), "exited"));
  EXPECT_FALSE(slot_.Attached());
  EXPECT_FALSE(slot_.Ended(now(), "exited"));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_RESTARTING);
}

TEST_F(SlotStateTest, MayEndWhileStartingOrBusy) {
  ASSERT_TRUE(slot_.Started(now()));
  EXPECT_TRUE(slot_.Ended(now(), "exited"));
  ASSERT_TRUE(slot_.Started(now()));
  ASSERT_TRUE(slot_.Attached());
  ASSERT_TRUE(slot_.SetBusy(true));
  EXPECT_TRUE(slot_.Ended(now(), "exited"));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_RESTARTING);
}

TEST_F(SlotStateTest, BackoffDoublesWithQuickDeathsUntilUnhealthy) {
  for (const milliseconds pause : {milliseconds(500), milliseconds(1'000), milliseconds(2'000), milliseconds(4'000)}) {
    LiveAndDie(seconds(1));
    EXPECT_EQ(slot_.state(), v1::WORKER_STATE_RESTARTING);
    EXPECT_EQ(Pause(), pause);
  }
  LiveAndDie(seconds(1));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_UNHEALTHY);
  EXPECT_THAT(slot_.last_end(), HasSubstr("ended 5 times in a row before it could work; the last time it exited with code 1"));
}

TEST_F(SlotStateTest, UnhealthyIsTriedOnceAMinuteAndHealsByLiving) {
  for (int i = 0; i < 7; ++i) LiveAndDie(seconds(1));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_UNHEALTHY);
  EXPECT_EQ(Pause(), seconds(60));
  LiveAndDie(seconds(30));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_RESTARTING);
  EXPECT_EQ(Pause(), milliseconds(500));
}

TEST_F(SlotStateTest, BackoffIsBounded) {
  SlotState patient({.first_backoff = milliseconds(500), .max_backoff = seconds(60), .health = seconds(30), .max_quick_deaths = 100},
                    now());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(patient.NotStarted(now(), "no such file"));
  EXPECT_EQ(patient.next_start() - now(), seconds(60));
}

TEST_F(SlotStateTest, DyingOfAJobIsTheJobsFault) {
  for (int i = 0; i < 20; ++i) {
    LiveAndDie(seconds(1), /*works=*/true);
    ASSERT_EQ(slot_.state(), v1::WORKER_STATE_RESTARTING);
    ASSERT_EQ(Pause(), milliseconds(500));
  }
}

TEST_F(SlotStateTest, AProgramThatCannotBeStartedIsUnhealthyToo) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(slot_.NotStarted(now(), "could not be started: no such file"));
  EXPECT_EQ(slot_.state(), v1::WORKER_STATE_UNHEALTHY);
  EXPECT_THAT(slot_.last_end(), HasSubstr("could not be started: no such file"));
}

}  // namespace
}  // namespace seedbed::workers
