// seedbed serve
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "client/cli/program_folder.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

// Becomes seedbedd: no process stays in between, so that signals reach the server. Returns only on failure.
absl::Status ExecServer(const std::vector<std::string>& arguments) {
  SB_ASSIGN_OR_RETURN(const std::filesystem::path folder, ProgramFolder());
  const std::string program = (folder / "seedbedd").string();
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  const int error = errno;
  return WithHint(absl::InternalError(absl::StrCat("cannot start ", program, ": ", std::strerror(error))),
                  "build it with ./run build, or install seedbedd beside seedbed");
}

}  // namespace

void AddServeCommand(CommandTree& tree) {
  CLI::App* command = nullptr;
  const auto arguments = std::make_shared<std::vector<std::string>>();
  command =
      tree.AddCommand(&tree.root(), "serve", "Start a server in the foreground; its flags may follow",
                      {"seedbed serve                                       # state in $XDG_DATA_HOME/seedbed or ~/.local/share/seedbed",
                       "seedbed serve --listen 127.0.0.1:9000 --data-root /data/seedbed --devices cpu",
                       "seedbedd --help                                     # all its flags"},
                      [arguments](Session&) -> absl::StatusOr<ExitCode> { return ExecServer(*arguments); });
  command->allow_extras();
  command->parse_complete_callback([command, arguments] { *arguments = command->remaining(); });
}

}  // namespace seedbed::cli
