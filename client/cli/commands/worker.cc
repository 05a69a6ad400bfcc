// seedbed worker ls
#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

absl::StatusOr<ExitCode> ListWorkers(Session& session) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Worker> workers, client->ListWorkers());
  if (session.console().json()) {
    session.console().PrintJson(ListDocument("workers", workers));
    return kDone;
  }
  Table table(
      {{"SLOT"}, {"STATE"}, {"DEVICE"}, {"JOB"}, {"PID", Align::kRight}, {"RESTARTS", Align::kRight}, {"LAST SEEN"}, {"LAST EXIT"}});
  for (const v1::Worker& worker : workers) {
    const auto* seen = worker.has_last_heartbeat_time() ? &worker.last_heartbeat_time() : nullptr;
    table.AddRow({worker.slot(), ShortEnumName(worker.state()), worker.device(), worker.job_id().empty() ? "-" : worker.job_id(),
                  absl::StrCat(worker.pid()), absl::StrCat(worker.restarts()), session.console().Time(seen), worker.last_exit()});
  }
  session.console().Print(table);
  return kDone;
}

}  // namespace

void AddWorkerCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("worker", "Workers: ls");
  tree.AddCommand(noun, "ls", "List the worker processes of the server", {"seedbed worker ls"}, ListWorkers);
}

}  // namespace seedbed::cli
