#include "core/augment/presets.h"

#include <array>

#include "nlohmann/json.hpp"

namespace seedbed::augment {
namespace {

struct Preset {
  std::string_view name;
  std::string_view steps;  // JSON
};

constexpr auto kPresets = std::to_array<Preset>({
    // The settings of the plant-seedlings chapter. Its Keras took the shear of 0.2 for radians.
    {.name = "chapter_keras",
     .steps = R"([{"keras": {"rotation_range": 90, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 11.459155902616466,
                             "zoom_range": 0.1, "horizontal_flip": true, "fill_mode": "nearest", "compat": "keras2"}}])"},
    // The same chapter's imgaug pipeline.
    {.name = "chapter_imgaug", .steps = R"([{"sequential": {"random_order": true, "steps": [
                     {"fliplr": 0.5},
                     {"crop": [0, 0.1]},
                     {"sometimes": {"p": 0.5, "then": [{"gaussian_blur": [0, 0.5]}]}},
                     {"linear_contrast": [0.75, 1.5]},
                     {"additive_gaussian_noise": {"scale": [0, 12.75], "per_channel": 0.5}},
                     {"multiply": {"mul": [0.8, 1.2], "per_channel": 0.2}}]}}])"},
    // For few epochs, or a frozen network: what an image's subject looks like hardly changes.
    {.name = "light", .steps = R"([{"fliplr": 0.5},
                  {"random_resized_crop": {"scale": [0.8, 1], "ratio": [0.9, 1.11]}},
                  {"color_jitter": {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1}}])"},
    // For many epochs of all layers: after torchvision's training recipes (references/classification).
    {.name = "strong",
     .steps = R"([{"fliplr": 0.5}, {"random_resized_crop": {"scale": [0.3, 1]}}, "trivial_augment", {"random_erasing": {"p": 0.25}}])"},
});

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
