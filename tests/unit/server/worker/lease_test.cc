#include "server/worker/lease.h"

#include "gtest/gtest.h"
#include "tests/testing/fake_clock.h"

namespace seedbed::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LeaseTest : public ::testing::Test {
 protected:
  MonotonicTime now() const { return clock_.Monotonic(); }
  testing::FakeClock clock_;
  Lease lease_{now(), seconds(60)};
};

TEST_F(LeaseTest, HasPatienceUntilTheFirstWelcome) { EXPECT_EQ(lease_.deadline(), now() + seconds(60)); }

TEST_F(LeaseTest, CountsFromTheHelloAndStopsAMarginEarly) {
  const MonotonicTime hello_sent = now();
  clock_.Advance(seconds(2));
  lease_.Welcome(hello_sent, seconds(15), seconds(5));
  EXPECT_EQ(lease_.deadline(), hello_sent + milliseconds(13'500));
  EXPECT_EQ(lease_.next_heartbeat(), hello_sent + seconds(5));
}

TEST_F(LeaseTest, AnAnswerRenewsFromWhenItsHeartbeatWasSent) {
  lease_.Welcome(now(), seconds(15), seconds(5));
  clock_.Advance(seconds(5));
  const MonotonicTime first = now();
  lease_.HeartbeatSent(first);
  EXPECT_EQ(lease_.next_heartbeat(), first + seconds(5));
  clock_.Advance(seconds(5));
  const MonotonicTime second = now();
  lease_.HeartbeatSent(second);
  lease_.HeartbeatAnswered();
  EXPECT_EQ(lease_.deadline(), first + milliseconds(13'500));
  lease_.HeartbeatAnswered();
  EXPECT_EQ(lease_.deadline(), second + milliseconds(13'500));
}

TEST_F(LeaseTest, AnswersThatWereNotAskedForRenewNothing) {
  lease_.Welcome(now(), seconds(15), seconds(5));
  const MonotonicTime deadline = lease_.deadline();
  clock_.Advance(seconds(5));
  lease_.HeartbeatAnswered();
  EXPECT_EQ(lease_.deadline(), deadline);
  lease_.HeartbeatSent(now());
  lease_.Disconnected();
  lease_.HeartbeatAnswered();
  EXPECT_EQ(lease_.deadline(), deadline);
}

}  // namespace
}  // namespace seedbed::worker
