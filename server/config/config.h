// The settings of seedbedd, put together from flags, environment, file and defaults, in this order of precedence.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "seedbed/v1/config.pb.h"
#include "server/config/yaml_file.h"

namespace seedbed::config {

struct ConfigSources {
  // Of --config. Without it: SEEDBED_CONFIG, then $XDG_CONFIG_HOME/seedbed/seedbedd.yaml (~/.config without XDG_CONFIG_HOME) if it exists,
  // then `system_file` if it exists.
  std::optional<std::filesystem::path> file;
  std::filesystem::path system_file = "/etc/seedbed/seedbedd.yaml";
  std::map<std::string, std::string> environment;
  std::vector<Given> flags;
  // Folder of the running program; the worker program lies beside it by default.
  std::filesystem::path program_folder;
};

struct LoadedConfig {
  v1::ServerConfig config;                     // complete: every field is set, and within its range
  std::map<std::string, std::string> origins;  // of every setting, by path
  std::vector<std::string> warnings;           // such as environment variables that no program of Seedbed reads
};

// INVALID_ARGUMENT names the source, the key and what is accepted.
absl::StatusOr<LoadedConfig> LoadConfig(const ConfigSources& sources);

// As a YAML file that LoadConfig reads back to the same values, each with its origin in a comment.
std::string FormatConfig(const LoadedConfig& loaded);

}  // namespace seedbed::config
