// Settings from a YAML file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace seedbed::config {

// What one source says about one setting.
struct Given {
  std::string path;                // "workers.lease"
  std::vector<std::string> texts;  // one, or any number for a list
  std::string origin;              // "--lease", "SEEDBED_WORKERS_LEASE", "/etc/seedbed/seedbedd.yaml:7", "default"
};

// The settings in the file. INVALID_ARGUMENT names file, line and key: broken YAML, unknown or repeated keys, values of the wrong form.
// NOT_FOUND, PERMISSION_DENIED as of ReadFile.
absl::StatusOr<std::vector<Given>> ReadYamlFile(const std::filesystem::path& file);

}  // namespace seedbed::config
