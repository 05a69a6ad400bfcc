#include "client/lib/backoff.h"

#include "gtest/gtest.h"

namespace seedbed::client {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesWithJitterUpToTheLongest) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Backoff backoff({.max_attempts = 9, .first_delay = milliseconds(100), .max_delay = milliseconds(500)}, seed);
    for (const int longest : {100, 200, 400, 500, 500}) {
      const milliseconds pause = backoff.Next();
      EXPECT_GE(pause, milliseconds(longest / 2));
      EXPECT_LE(pause, milliseconds(longest));
    }
  }
}

TEST(Backoff, BeginsAnewAfterReset) {
  Backoff backoff({.max_attempts = 9, .first_delay = milliseconds(100), .max_delay = milliseconds(5000)}, 1);
  for (int i = 0; i < 6; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(100));
}

TEST(Backoff, JitterDiffersBySeed) {
  const RetryPolicy policy{.max_attempts = 9, .first_delay = milliseconds(100'000), .max_delay = milliseconds(100'000)};
  EXPECT_NE(Backoff(policy, 1).Next(), Backoff(policy, 2).Next());
}

}  // namespace
}  // namespace seedbed::client
