// Tab-separated tables as the files of a dataset are written: one row a line; within a field, tab, newline and backslash are \t, \n and \\.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seedbed::dataset {

std::string EscapeField(std::string_view text);
// Nothing when a backslash stands before anything else.
std::optional<std::string> UnescapeField(std::string_view field);

// The parts of `text` between separators, still escaped: "a\t\tb" gives "a", "", "b".
std::vector<std::string_view> SplitAt(std::string_view text, char separator);
// The lines of a file, without their ends. What follows the last newline counts only if it is not empty.
std::vector<std::string_view> SplitLines(std::string_view content);

}  // namespace seedbed::dataset
