#include "server/jobs/retry_policy.h"

#include <map>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::jobs {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

const Loss kLost{v1::REASON_WORKER_LOST, "no sign of life for 15 s"};
const Loss kCrashed{v1::REASON_WORKER_CRASHED, "killed by signal 11 (SIGSEGV)"};

TEST(RetryPolicy, TriesAgainUntilTheLimits) {
  const RetryPolicy policy;
  EXPECT_EQ(GiveUpReason(policy, 1, 0, kLost), "");
  EXPECT_EQ(GiveUpReason(policy, 2, 1, kCrashed), "");
  EXPECT_THAT(GiveUpReason(policy, 3, 1, kLost), HasSubstr("no sign of life for 15 s; that makes 3 lost attempts"));
  EXPECT_THAT(GiveUpReason(policy, 2, 2, kCrashed), HasSubstr("SIGSEGV); that makes 2 crashes"));
}

TEST(RetryPolicy, ToldApartCrashes) {
  EXPECT_TRUE(IsCrash(v1::REASON_WORKER_CRASHED));
  EXPECT_TRUE(IsCrash(v1::REASON_OUT_OF_MEMORY));
  EXPECT_FALSE(IsCrash(v1::REASON_WORKER_LOST));
  EXPECT_FALSE(IsCrash(v1::REASON_DRAINED));
}

TEST(RetryPolicy, BackoffStaysWithinBoundsThatDouble) {
  const RetryPolicy policy;
  for (int losses = 1; losses <= 12; ++losses) {
    const milliseconds bound = std::min(policy.max_backoff, milliseconds(1000) * (1 << (losses - 1)));
    milliseconds largest{0};
    for (int job = 1; job <= 10'000; ++job) {
      const milliseconds wait = Backoff(policy, losses, job, losses);
      ASSERT_GE(wait, milliseconds(0));
      ASSERT_LE(wait, bound);
      largest = std::max(largest, wait);
    }
    EXPECT_GT(largest, bound * 9 / 10) << "the whole range is used";
  }
}

TEST(RetryPolicy, JobsLostTogetherComeBackApart) {
  const RetryPolicy policy;
  std::map<int64_t, int> buckets;  // of a tenth of the range
  for (int job = 1; job <= 1000; ++job) ++buckets[Backoff(policy, 4, job, 4).count() / 801];
  for (const auto& [bucket, jobs] : buckets) EXPECT_LT(jobs, 300) << bucket;
  EXPECT_EQ(buckets.size(), 10u);
}

TEST(RetryPolicy, IsRepeatableAndFollowsTheSeed) {
  RetryPolicy policy;
  const milliseconds first = Backoff(policy, 3, 7, 3);
  EXPECT_EQ(Backoff(policy, 3, 7, 3), first);
  std::set<int64_t> others;
  for (uint64_t seed = 1; seed < 10; ++seed) {
    policy.jitter_seed = seed;
    others.insert(Backoff(policy, 3, 7, 3).count());
  }
  EXPECT_GT(others.size(), 5u);
}

TEST(RetryPolicy, HugeCountsDoNotOverflow) {
  RetryPolicy policy;
  policy.first_backoff = milliseconds(1);
  EXPECT_LE(Backoff(policy, 1'000'000, 1, 1), policy.max_backoff);
}

}  // namespace
}  // namespace seedbed::jobs
