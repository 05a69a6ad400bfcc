#include "server/config/units.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::config {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;

TEST(Units, ReadsDurations) {
  EXPECT_THAT(ParseDuration("200ms"), IsOkAndHolds(200ms));
  EXPECT_THAT(ParseDuration("15s"), IsOkAndHolds(15s));
  EXPECT_THAT(ParseDuration("15"), IsOkAndHolds(15s));
  EXPECT_THAT(ParseDuration("1.5 m"), IsOkAndHolds(90s));
  EXPECT_THAT(ParseDuration("2h"), IsOkAndHolds(2h));
  EXPECT_THAT(ParseDuration("0.1"), IsOkAndHolds(100ms));
}

TEST(Units, ReadsSizes) {
  EXPECT_THAT(ParseBytes("0"), IsOkAndHolds(0));
  EXPECT_THAT(ParseBytes("536870912"), IsOkAndHolds(int64_t{512} << 20));
  EXPECT_THAT(ParseBytes("512MiB"), IsOkAndHolds(int64_t{512} << 20));
  EXPECT_THAT(ParseBytes("20 GB"), IsOkAndHolds(20'000'000'000));
}

TEST(Units, RefusesEverythingElse) {
  for (const char* text : {"", "s", "-1s", "1x", "1.2.3s", "1e3s", "nan", "inf", "15 seconds", "999999999999999999999h"}) {
    EXPECT_THAT(ParseDuration(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  for (const char* text : {"", "MiB", "-1", "1QB", "0x10", "1..0", "9999999999TiB"}) {
    EXPECT_THAT(ParseBytes(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(Units, WritesWhatItReads) {
  for (const std::chrono::nanoseconds duration : std::initializer_list<std::chrono::nanoseconds>{0ns, 1ns, 1500ms, 15s, 1h, 24h}) {
    EXPECT_THAT(ParseDuration(FormatDuration(duration)), IsOkAndHolds(duration));
  }
  EXPECT_EQ(FormatDuration(1500ms), "1500ms");
  EXPECT_EQ(FormatDuration(90s), "90s");
  EXPECT_EQ(FormatBytes(int64_t{512} << 20), "512MiB");
  EXPECT_EQ(FormatBytes(1000), "1000B");
  EXPECT_THAT(ParseBytes(FormatBytes(1000)), IsOkAndHolds(1000));
}

}  // namespace
}  // namespace seedbed::config
