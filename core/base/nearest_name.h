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

// For the end of a message: "; did you mean 'vgg16'?", or `otherwise` when no candidate is near.
std::string DidYouMean(std::string_view name, std::span<const std::string> candidates, std::string_view otherwise = "");

}  // namespace seedbed
