#include "core/augment/presets.h"

#include <array>

#include "nlohmann/json.hpp"

namespace seedbed::augment {
namespace {

struct Preset {
  std::string_view name;
  std::string_view steps;  // JSON
};

constexpr std::array<Preset, 0> kPresets = {};

}  // namespace

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

std::optional<nlohmann::json> PresetSteps(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return nlohmann::json::parse(preset.steps);
  }
  return std::nullopt;
}

}  // namespace seedbed::augment
