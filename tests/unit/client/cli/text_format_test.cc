#include "client/cli/text_format.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::IsOkAndHolds;
using seedbed::testing::StatusIs;
using ::testing::HasSubstr;

TEST(FormatCount, GroupsDigits) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(4606), "4,606");
  EXPECT_EQ(FormatCount(14714688), "14,714,688");
  EXPECT_EQ(FormatCount(-123456), "-123,456");
}

TEST(FormatCountOf, KnowsThePlural) {
  EXPECT_EQ(FormatCountOf(1, "image"), "1 image");
  EXPECT_EQ(FormatCountOf(4606, "image"), "4,606 images");
  EXPECT_EQ(FormatCountOf(2, "class"), "2 classes");
}

TEST(FormatBytes, TakesTheFittingUnit) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.0 kB");
  EXPECT_EQ(FormatBytes(999'949), "999.9 kB");
  EXPECT_EQ(FormatBytes(999'950), "1.0 MB");
  EXPECT_EQ(FormatBytes(310'905'000), "310.9 MB");
}

TEST(FormatElapsed, TakesTheFittingUnit) {
  EXPECT_EQ(FormatElapsed(absl::Microseconds(12)), "< 1 ms");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(12)), "12 ms");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(810)), "0.8 s");
  EXPECT_EQ(FormatElapsed(absl::Seconds(42)), "42 s");
  EXPECT_EQ(FormatElapsed(absl::Seconds(185)), "3 min 05 s");
  EXPECT_EQ(FormatElapsed(absl::Minutes(130)), "2 h 10 min");
  EXPECT_EQ(FormatElapsed(absl::Hours(99)), "4 d 3 h");
}

TEST(FormatTime, IsRelativeOrIso) {
  google::protobuf::Timestamp time;
  time.set_seconds(1'700'000'000);
  const absl::Time now = absl::FromUnixSeconds(1'700'000'185);
  EXPECT_EQ(FormatRelativeTime(&time, now), "3 min ago");
  EXPECT_EQ(FormatRelativeTime(&time, now - absl::Seconds(190)), "in 5 s");
  EXPECT_EQ(FormatRelativeTime(nullptr, now), "-");
  EXPECT_EQ(FormatIsoTime(&time), "2023-11-14T22:13:20Z");
  EXPECT_EQ(FormatIsoTime(nullptr), "-");
}

TEST(ParseDuration, TakesUnitsAndPlainSeconds) {
  EXPECT_THAT(ParseDuration("90"), IsOkAndHolds(absl::Seconds(90)));
  EXPECT_THAT(ParseDuration("0.5"), IsOkAndHolds(absl::Milliseconds(500)));
  EXPECT_THAT(ParseDuration("1h30m"), IsOkAndHolds(absl::Minutes(90)));
  EXPECT_THAT(ParseDuration("500ms"), IsOkAndHolds(absl::Milliseconds(500)));
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text : {"", "soon", "5 parsecs", "0", "-3s", "nan", "inf"}) {
    EXPECT_THAT(ParseDuration(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("duration"))) << text;
  }
}

TEST(DisplayWidth, CountsCharactersNotBytes) { EXPECT_EQ(DisplayWidth("Shepherd’s Purse"), 16u); }

}  // namespace
}  // namespace seedbed::cli
