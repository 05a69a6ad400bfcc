// Comma-separated values.
#pragma once

#include <string>
#include <string_view>

namespace seedbed {

// A field as RFC 4180 has it: quoted when it holds a comma, a quote or a line break.
std::string CsvField(std::string_view text);

}  // namespace seedbed
