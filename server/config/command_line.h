// The command line of seedbedd.
#pragma once

#include <filesystem>
#include <optional>
#include <variant>
#include <vector>

#include "server/config/yaml_file.h"

namespace seedbed::config {

struct CommandLine {
  enum class Action { kServe, kPrintConfig, kCheckConfig };
  Action action = Action::kServe;
  std::optional<std::filesystem::path> config_file;
  std::vector<Given> flags;
};

// The exit code instead when there is nothing to run: 0 after --help or --version (printed on stdout), 2 for wrong usage (said on stderr).
std::variant<CommandLine, int> ParseCommandLine(int argc, const char* const* argv);

}  // namespace seedbed::config
