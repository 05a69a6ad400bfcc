// Names that people give to datasets, splits and models.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace seedbed {

// INVALID_ARGUMENT unless `name` matches [a-z0-9][a-z0-9._-]{0,63}; `what` ("dataset") opens the message.
absl::Status CheckResourceName(std::string_view what, std::string_view name);

// A valid resource name made from any text, such as a folder name: lower-cased, other characters become '-'. Never empty.
std::string ToResourceName(std::string_view text);

}  // namespace seedbed
