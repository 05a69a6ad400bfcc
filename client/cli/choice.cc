#include "client/cli/choice.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"

namespace seedbed::cli {

std::string NoneOf(const std::string& text, const std::vector<std::string>& names) {
  return absl::StrCat("'", text, "' is none of ", absl::StrJoin(names, ", "), DidYouMean(text, names));
}

}  // namespace seedbed::cli
