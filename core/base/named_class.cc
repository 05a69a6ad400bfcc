#include "core/base/named_class.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"

namespace seedbed {

absl::StatusOr<size_t> FindClass(std::span<const std::string> classes, std::string_view text) {
  const auto found = std::find(classes.begin(), classes.end(), text);
  if (found != classes.end()) return static_cast<size_t>(found - classes.begin());
  if (classes.empty()) {
    return absl::InvalidArgumentError("the model makes no classes: it has no top; train a head on it, or get the weights --with-top");
  }
  size_t index = 0;
  if (absl::SimpleAtoi(ToAbsl(text), &index)) {
    if (index < classes.size()) return index;
    return absl::InvalidArgumentError(absl::StrCat("there is no class ", index, ": the model has classes 0 to ", classes.size() - 1));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no class '", ToAbsl(text), "' among the model's ", classes.size(), DidYouMean(text, classes)));
}

}  // namespace seedbed
