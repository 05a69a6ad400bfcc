// Lists of steps that have a name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json_fwd.hpp"

namespace seedbed::augment {

std::vector<std::string> PresetNames();
// nullopt when there is none of that name.
std::optional<nlohmann::json> PresetSteps(std::string_view name);

}  // namespace seedbed::augment
