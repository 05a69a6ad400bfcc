#include "core/base/clock.h"

#include "gtest/gtest.h"
#include "tests/testing/fake_clock.h"

namespace seedbed {
namespace {

TEST(FormatUtc, WritesIso8601WithMicroseconds) {
  EXPECT_EQ(FormatUtc(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(FormatUtc(1'795'457'033'123'456), "2026-11-23T18:03:53.123456Z");
  EXPECT_EQ(FormatUtc(951'782'400'000'001), "2000-02-29T00:00:00.000001Z");
}

TEST(SystemClock, MovesForwardAndKnowsTheDate) {
  const Clock& clock = SystemClock();
  const MonotonicTime before = clock.Monotonic();
  EXPECT_GE(clock.Monotonic(), before);
  EXPECT_GT(clock.WallMicros(), 1'700'000'000'000'000);
}

TEST(FakeClock, MovesByHandOnly) {
  testing::FakeClock clock;
  const MonotonicTime start = clock.Monotonic();
  const int64_t wall = clock.WallMicros();
  EXPECT_EQ(clock.Monotonic(), start);
  clock.Advance(std::chrono::seconds(90));
  EXPECT_EQ(clock.Monotonic() - start, std::chrono::seconds(90));
  EXPECT_EQ(clock.WallMicros() - wall, 90'000'000);
}

}  // namespace
}  // namespace seedbed
