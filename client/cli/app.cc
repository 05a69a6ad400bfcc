#include "client/cli/app.h"

#include <ostream>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "client/cli/command_tree.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/report_commands.h"
#include "client/cli/typed_names.h"
#include "client/lib/status.h"

namespace seedbed::cli {
namespace {

void AddCommands(CommandTree& tree) {
  AddTrainCommand(tree);
  AddEvaluateCommand(tree);
  AddReportCommand(tree);
  AddCompareCommand(tree);
  AddDatasetCommands(tree);
  AddSplitCommand(tree);
  AddVisualizeCommands(tree);
  AddExtractCommand(tree);
  AddFeaturesCommands(tree);
  AddJobCommands(tree);
  AddModelCommands(tree);
  AddWeightsCommands(tree);
  AddWorkerCommands(tree);
  AddStatusCommand(tree);
  AddServeCommand(tree);
  AddDoctorCommand(tree);
  AddVersionCommand(tree);
  AddCompletionCommands(tree);
}

absl::Status Advised(const absl::Status& status) {
  if (!client::PayloadOf(status, client::kNoServerPayload).has_value()) return status;
  return WithHint(status, "start one with: seedbed serve");
}

ExitCode Report(Console& console, const absl::Status& status) {
  console.Error(Advised(InTypedNames(status)));
  return ExitCodeFor(status);
}

ExitCode Run(CommandTree& tree, Session& session, int argc, const char* const* argv) {
  Console& console = session.console();
  const absl::StatusOr<CommandTree::Parsed> parsed = tree.Parse(argc, argv);
  // Also when parsing failed: the error is to have the form that was asked for before it.
  const absl::Status started = session.Start();
  if (!parsed.ok()) return Report(console, parsed.status());
  if (!started.ok()) return Report(console, started);
  if (!parsed->handler) {
    console.PrintHelp(parsed->text);
    return kDone;
  }
  const absl::StatusOr<ExitCode> result = parsed->handler(session);
  return result.ok() ? *result : Report(console, result.status());
}

}  // namespace

int RunSeedbed(int argc, const char* const* argv, std::ostream& out, std::ostream& err, Terminals terminals) {
  GlobalOptions globals = GlobalOptions::FromEnvironment();
  Console console(out, err, terminals);
  CommandTree tree(&globals);
  AddCommands(tree);
  Session session(&globals, &console);
  const ExitCode code = Run(tree, session, argc, argv);
  if (console.Flush()) return code;
  console.Error(absl::DataLossError("standard output could not be written: is the disk full?"));
  return code == kDone ? kFailed : code;
}

}  // namespace seedbed::cli
