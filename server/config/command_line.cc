#include "server/config/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/version.h"

namespace seedbed::config {
namespace {

constexpr int kUsageError = 2;

constexpr char kDescription[] = "seedbedd: the server of Seedbed. Keeps jobs, datasets and models, and runs the workers that do the work.";

constexpr char kFooter[] =
    R"(Settings come from flags, then SEEDBED_* environment variables, then a YAML file, then defaults; see --print-config.

Examples:
  seedbedd                                        on 127.0.0.1:8461, state in ~/.local/share/seedbed
  seedbedd --data-root /srv/seedbed --devices cpu
  seedbedd --listen 127.0.0.1:0 --metrics ''      any free port, no metrics
  seedbedd --config /etc/seedbed/seedbedd.yaml --check-config
  SEEDBED_WORKERS_LEASE=5s seedbedd --print-config

Exit codes: 0 stopped in good order, 1 failed, 2 wrong usage, 5 bad configuration.)";

struct Flag {
  const char* name;
  const char* path;
  const char* help;
};

constexpr Flag kFlags[] = {
    {"--listen", "listen", "HOST:PORT of the gRPC endpoint; port 0 takes a free one [127.0.0.1:8461]"},
    {"--metrics", "metrics", "HOST:PORT of GET /metrics; '' turns it off [127.0.0.1:8462]"},
    {"--data-root", "data_root", "folder of all state [$XDG_DATA_HOME/seedbed]"},
    {"--devices", "devices", "auto, cpu, none, or a list such as cuda:0,1 [auto]"},
    {"--log-format", "log.format", "text or json [text]"},
    {"--log-level", "log.level", "debug, info, warning or error [info]"},
    {"--lease", "workers.lease", "time without a sign of life after which a worker loses its job [15s]"},
    {"--worker-program", "workers.program", "program of the workers [seedbed-worker beside seedbedd]"},
    {"--threads", "workers.threads", "compute threads of each worker; 0: all cores [0]"},
    {"--min-free", "store.min_free_bytes", "free disk space below which no job is accepted [512MiB]"},
};

// As App::parse wants them: last first. "--metrics=" becomes "--metrics" and "": the parser would take the next argument for the value.
std::vector<std::string> ReversedArguments(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {
    const std::string argument = argv[i];
    const bool empty_value = argument.size() > 3 && argument.starts_with("--") && argument.find('=') == argument.size() - 1;
    if (empty_value) arguments.emplace_back();
    arguments.push_back(empty_value ? argument.substr(0, argument.size() - 1) : argument);
  }
  return arguments;
}

}  // namespace

std::variant<CommandLine, int> ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app(kDescription, "seedbedd");
  app.footer(kFooter);
  app.set_version_flag("--version", absl::StrCat("seedbedd ", ToAbsl(Version()), " (", ToAbsl(Revision()), ")"));
  CommandLine result;
  for (const Flag& flag : kFlags) {
    app.add_option_function<std::string>(
           flag.name,
           [&](const std::string& text) {
             result.flags.push_back({flag.path, {text}, flag.name});
           },
           flag.help)
        ->type_name("");
  }
  std::vector<std::string> roots;
  app.add_option("--allow-root", roots, "folder below which images may be indexed; repeatable [everything readable]")
      ->type_name("")
      ->allow_extra_args(false);
  std::string file;
  CLI::Option* config = app.add_option("--config", file, "YAML file of settings")->type_name("");
  bool print = false;
  bool check = false;
  CLI::Option* print_option = app.add_flag("--print-config", print, "print the effective settings and where each came from, then exit");
  app.add_flag("--check-config", check, "say whether the settings are valid, then exit")->excludes(print_option);
  try {
    app.parse(ReversedArguments(argc, argv));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (!roots.empty()) result.flags.push_back({"allowed_roots", roots, "--allow-root"});
  if (*config) result.config_file = file;
  if (print) result.action = CommandLine::Action::kPrintConfig;
  if (check) result.action = CommandLine::Action::kCheckConfig;
  return result;
}

}  // namespace seedbed::config
