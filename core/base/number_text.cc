#include "core/base/number_text.h"

#include <array>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace seedbed {

std::string FormatCount(int64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool starts_group = i > 0 && digits[i - 1] != '-' && (digits.size() - i) % 3 == 0;
    if (starts_group) text += ',';
    text += digits[i];
  }
  return text;
}

std::string FormatBytes(int64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits{"kB", "MB", "GB", "TB", "PB"};
  if (std::abs(bytes) < 1000) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (std::abs(value) >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string FormatElapsed(double elapsed) {
  const int64_t seconds = static_cast<int64_t>(elapsed);
  if (elapsed < 0.001) return "< 1 ms";
  if (elapsed < 0.1) return absl::StrFormat("%.0f ms", 1000 * elapsed);
  if (seconds < 10) return absl::StrFormat("%.1f s", elapsed);
  if (seconds < 60) return absl::StrFormat("%d s", seconds);
  if (seconds < 3600) return absl::StrFormat("%d min %02d s", seconds / 60, seconds % 60);
  if (seconds < 86400) return absl::StrFormat("%d h %02d min", seconds / 3600, seconds / 60 % 60);
  return absl::StrFormat("%d d %d h", seconds / 86400, seconds / 3600 % 24);
}

}  // namespace seedbed
