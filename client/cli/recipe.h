// Recipe files: the settings of a training, in YAML.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/train_settings.h"

namespace seedbed::cli {

// Keys are those of TrainSettings(). The optimizer may also be a map (name, lr, momentum, ...), the size a list (width, height), the labels
// are a map; what has several values may be a list. INVALID_ARGUMENT names file, line and key: broken YAML, a key that is unknown (with the
// nearest known one) or repeated, a value of the wrong type. NOT_FOUND when there is no such file.
absl::StatusOr<GivenSettings> ReadRecipe(const std::filesystem::path& file);

// The recipe's settings, none when `file` is empty, and above them those given as texts by their keys, as flags do; empty texts were not
// given. Usage error for a text that is no value of its setting, naming the flag.
absl::StatusOr<GivenSettings> RecipeAndFlags(const std::filesystem::path& file, const std::map<std::string, std::string>& texts);

// `name` stands for the file in messages and origins.
absl::StatusOr<GivenSettings> ParseRecipe(const std::string& text, const std::string& name);

}  // namespace seedbed::cli
