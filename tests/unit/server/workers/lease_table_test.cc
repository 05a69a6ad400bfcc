#include "server/workers/lease_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_clock.h"

namespace seedbed::workers {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LeaseTableTest : public ::testing::Test {
 protected:
  MonotonicTime now() const { return clock_.Monotonic(); }

  testing::FakeClock clock_;
  LeaseTable leases_{seconds(15)};
};

TEST_F(LeaseTableTest, ExpiresExactlyAtItsEnd) {
  leases_.Grant("jobs-cpu", now());
  clock_.Advance(seconds(15) - std::chrono::nanoseconds(1));
  EXPECT_THAT(leases_.TakeExpired(now()), IsEmpty());
  clock_.Advance(std::chrono::nanoseconds(1));
  EXPECT_THAT(leases_.TakeExpired(now()), ElementsAre("jobs-cpu"));
  EXPECT_THAT(leases_.TakeExpired(now()), IsEmpty()) << "an expired lease is taken once";
}

TEST_F(LeaseTableTest, RenewalCountsFromItsMoment) {
  leases_.Grant("a", now());
  leases_.Grant("b", now());
  clock_.Advance(seconds(10));
  EXPECT_TRUE(leases_.Renew("a", now()));
  clock_.Advance(seconds(5));
  EXPECT_THAT(leases_.TakeExpired(now()), ElementsAre("b"));
  clock_.Advance(seconds(10));
  EXPECT_THAT(leases_.TakeExpired(now()), ElementsAre("a"));
}

TEST_F(LeaseTableTest, RenewalDoesNotBringBackWhatWasTaken) {
  leases_.Grant("a", now());
  clock_.Advance(seconds(15));
  EXPECT_THAT(leases_.TakeExpired(now()), ElementsAre("a"));
  EXPECT_FALSE(leases_.Renew("a", now()));
  EXPECT_EQ(leases_.NextExpiry(), std::nullopt);
}

TEST_F(LeaseTableTest, RevokedLeasesDoNotExpire) {
  leases_.Grant("a", now());
  leases_.Revoke("a");
  leases_.Revoke("never granted");
  clock_.Advance(seconds(100));
  EXPECT_THAT(leases_.TakeExpired(now()), IsEmpty());
}

TEST_F(LeaseTableTest, NextExpiryIsTheEarliest) {
  EXPECT_EQ(leases_.NextExpiry(), std::nullopt);
  const MonotonicTime start = now();
  leases_.Grant("z", start);
  clock_.Advance(seconds(3));
  leases_.Grant("a", now());
  EXPECT_EQ(leases_.NextExpiry(), start + seconds(15));
}

}  // namespace
}  // namespace seedbed::workers
