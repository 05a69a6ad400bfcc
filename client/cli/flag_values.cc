#include "client/cli/flag_values.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"

namespace seedbed::cli {

std::string NoneOf(const std::string& text, const std::vector<std::string>& names) {
  return absl::StrCat("'", text, "' is none of ", absl::StrJoin(names, ", "), DidYouMean(text, names));
}

CLI::Validator NotZero() {
  const auto check = [](std::string& text) {
    double value = 1;
    return absl::SimpleAtod(text, &value) && value == 0 ? std::string("it must not be 0; leave it out for the default") : std::string();
  };
  return CLI::Validator(check, /*description=*/"");
}

}  // namespace seedbed::cli
