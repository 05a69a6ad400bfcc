// Which build this is; the same answer in every program.
#pragma once

#include <string_view>

namespace seedbed {

// Such as "0.1.0".
std::string_view Version();
// Git revision the build was configured from, such as "1188015" or "1188015-dirty"; "unknown" outside a repository.
std::string_view Revision();

}  // namespace seedbed
