// seedbed status
#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

std::string JobCounts(const v1::GetServerInfoResponse& info) {
  std::string text;
  for (const v1::StateCount& count : info.jobs()) {
    if (count.jobs() > 0) absl::StrAppend(&text, text.empty() ? "" : ", ", FormatCount(count.jobs()), " ", count.state());
  }
  return text.empty() ? "none" : text;
}

std::string WorkerStates(const v1::GetServerInfoResponse& info) {
  std::string text;
  for (const v1::Worker& worker : info.workers()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", worker.slot(), " ", ShortEnumName(worker.state()));
    if (!worker.job_id().empty()) absl::StrAppend(&text, " (", worker.job_id(), ")");
  }
  return text.empty() ? "none" : text;
}

absl::StatusOr<ExitCode> ShowStatus(Session& session) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::GetServerInfoResponse info, client->GetServerInfo());
  Console& console = session.console();
  if (console.json()) {
    console.PrintJson(ToJson(info));
    return kDone;
  }
  if (console.quiet()) return kDone;
  console.Print(RenderPairs({
      {"server", absl::StrCat(session.globals().server, ", version ", info.version(), ", up ",
                              FormatElapsed(absl::Now() - ToTime(info.start_time())), info.draining() ? ", draining" : "")},
      {"metrics", info.metrics_address().empty() ? "off" : absl::StrCat("http://", info.metrics_address(), "/metrics")},
      {"data root", absl::StrCat(info.data_root(), " (", FormatBytes(info.free_bytes()), " free)")},
      {"datasets", FormatCount(info.datasets())},
      {"models", FormatCount(info.models())},
      {"features", FormatCount(info.feature_sets())},
      {"jobs", JobCounts(info)},
      {"workers", WorkerStates(info)},
  }));
  return kDone;
}

}  // namespace

void AddStatusCommand(CommandTree& tree) {
  tree.AddCommand(&tree.root(), "status", "Show how the server is; with --quiet only the exit code (0 up, 3 unreachable)",
                  {"seedbed status", "seedbed status --quiet && echo up"}, ShowStatus);
}

}  // namespace seedbed::cli
