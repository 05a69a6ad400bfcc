// "Did you mean ...?"
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seedbed {

// The candidate that `name` was probably meant to be: the one with the fewest insertions, deletions, replacements and swaps of neighbours,
// the first among equals; nullopt when none is near (at most 2 changes, or a third of the name's length).
std::optional<std::string> NearestName(std::string_view name, std::span<const std::string> candidates);

}  // namespace seedbed
