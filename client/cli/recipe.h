// Recipe files: the settings of a training, in YAML.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"
#include "client/cli/train_settings.h"

namespace seedbed::cli {

// Keys are those of TrainSettings(). The optimizer may also be a map (name, lr, momentum, ...), the size a list (width, height), the labels
// are a map; what has several values may be a list. INVALID_ARGUMENT names file, line and key: broken YAML, a key that is unknown (with the
// nearest known one) or repeated, a value of the wrong type. NOT_FOUND when there is no such file.
absl::StatusOr<GivenSettings> ReadRecipe(const std::filesystem::path& file);

// `name` stands for the file in messages and origins.
absl::StatusOr<GivenSettings> ParseRecipe(const std::string& text, const std::string& name);

}  // namespace seedbed::cli
