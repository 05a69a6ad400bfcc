#include "client/cli/text_format.h"

#include <cctype>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/number_text.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {

std::string FormatCount(int64_t count) { return seedbed::FormatCount(count); }

std::string FormatBytes(int64_t bytes) { return seedbed::FormatBytes(bytes); }

std::string FormatCountOf(int64_t count, std::string_view noun) {
  return absl::StrCat(FormatCount(count), " ", ToAbsl(noun), count == 1 ? "" : noun.ends_with("s") ? "es" : "s");
}

std::string FormatElapsed(absl::Duration duration) { return seedbed::FormatElapsed(absl::ToDoubleSeconds(duration)); }

std::string FormatRelativeTime(const google::protobuf::Timestamp* time, absl::Time now) {
  if (time == nullptr) return "-";
  const absl::Duration age = now - ToTime(*time);
  const int64_t seconds = std::abs(absl::ToInt64Seconds(age));
  const std::string text = seconds < 60      ? absl::StrCat(seconds, " s")
                           : seconds < 3600  ? absl::StrCat(seconds / 60, " min")
                           : seconds < 86400 ? absl::StrCat(seconds / 3600, " h")
                                             : absl::StrCat(seconds / 86400, " d");
  return age < absl::ZeroDuration() && seconds > 0 ? absl::StrCat("in ", text) : absl::StrCat(text, " ago");
}

std::string FormatIsoTime(const google::protobuf::Timestamp* time) {
  if (time == nullptr) return "-";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", ToTime(*time), absl::UTCTimeZone());
}

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(ToAbsl(text), &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(ToAbsl(text), &duration)) {
    duration = absl::ZeroDuration();
  }
  // A NaN number of seconds compares false, too.
  if (duration > absl::ZeroDuration() && duration < absl::InfiniteDuration()) return duration;
  return absl::InvalidArgumentError(absl::StrCat("expected a duration such as 90, 30s, 5m or 1h30m, got '", ToAbsl(text), "'"));
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return width;
}

}  // namespace seedbed::cli
