// seedbed doctor
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/checks.h"
#include "client/cli/commands/commands.h"
#include "client/cli/program_folder.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr char kDefaultMetrics[] = "127.0.0.1:8462";

// As seedbedd chooses it.
std::filesystem::path DefaultDataRoot() {
  const char* data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && *data_home != '\0') return std::filesystem::path(data_home) / "seedbed";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "/" : home) / ".local/share/seedbed";
}

bool IsThisMachine(const std::string& address) {
  return address.starts_with("127.") || address.starts_with("localhost:") || address.starts_with("[::1]");
}

absl::StatusOr<std::vector<Check>> RunChecks(Session& session, const std::string& data_root_option) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::filesystem::path folder, ProgramFolder());
  const std::string& address = session.globals().server;
  const absl::StatusOr<v1::GetServerInfoResponse> info = client->GetServerInfo();
  const std::filesystem::path data_root = !data_root_option.empty()             ? std::filesystem::path(data_root_option)
                                          : info.ok() && IsThisMachine(address) ? std::filesystem::path(info->data_root())
                                                                                : DefaultDataRoot();
  std::vector<Check> checks{CheckServer(address, info)};
  if (info.ok()) checks.push_back(CheckMessageLimit(*client));
  if (IsThisMachine(address)) checks.push_back(CheckPort("port", address, "--listen"));
  const std::string metrics = info.ok() && !info->metrics_address().empty() ? info->metrics_address() : kDefaultMetrics;
  checks.push_back(CheckPort("metrics port", metrics, "--metrics"));
  checks.push_back(CheckDataRoot(data_root));
  checks.push_back(CheckDisk(data_root));
  checks.push_back(CheckWorker(folder));
  checks.push_back(CheckLibTorch(folder));
  checks.push_back(CheckSharedMemory());
  checks.push_back(CheckClock(absl::Now(), info.ok() ? std::optional(ToTime(info->start_time())) : std::nullopt));
  return checks;
}

absl::StatusOr<ExitCode> Examine(Session& session, const std::string& data_root) {
  SB_ASSIGN_OR_RETURN(const std::vector<Check> checks, RunChecks(session, data_root));
  Json list = Json::array();
  ExitCode code = kDone;
  for (const Check& check : checks) {
    list.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}, {"fix", check.fix}});
    session.console().Print(absl::StrCat(check.ok ? "ok       " : "problem  ", check.name, ": ", check.detail, "\n"));
    if (!check.ok) session.console().Print(absl::StrCat("         fix: ", check.fix, "\n"));
    if (!check.ok) code = kFailed;
  }
  if (session.console().json()) session.console().PrintJson({{"checks", list}});
  return code;
}

}  // namespace

void AddDoctorCommand(CommandTree& tree) {
  const auto data_root = std::make_shared<std::string>();
  CLI::App* command = tree.AddCommand(&tree.root(), "doctor", "Look for the usual problems and say how to fix them",
                                      {"seedbed doctor", "seedbed doctor --data-root /data/seedbed"},
                                      [data_root](Session& session) { return Examine(session, *data_root); });
  command->add_option("--data-root", *data_root, "Folder that the server is to keep its state in")->type_name("DIR");
}

}  // namespace seedbed::cli
