#include "core/base/names.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed {
namespace {

constexpr size_t kMaxLength = 64;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsAllowed(char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; }

}  // namespace

absl::Status CheckResourceName(std::string_view what, std::string_view name) {
  if (!name.empty() && name.size() <= kMaxLength && IsAlphanumeric(name.front()) && std::all_of(name.begin(), name.end(), IsAllowed)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(what), " name '", ToAbsl(name.substr(0, 2 * kMaxLength)),
                   "' must be 1 to 64 characters of a-z, 0-9, '.', '_', '-' and start with a letter or digit"));
}

std::string ToResourceName(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kMaxLength)) {
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    name += IsAllowed(lower) ? lower : '-';
  }
  const size_t start = static_cast<size_t>(std::find_if(name.begin(), name.end(), IsAlphanumeric) - name.begin());
  name.erase(0, start);
  return name.empty() ? "unnamed" : name;
}

}  // namespace seedbed
