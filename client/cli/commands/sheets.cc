#include "client/cli/commands/sheets.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/open_file.h"
#include "client/lib/download.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {

namespace fs = std::filesystem;

fs::path TargetOf(const std::string& out, const std::string& name) {
  std::error_code error;
  if (out.empty()) return name;
  return fs::is_directory(out, error) ? fs::path(out) / name : fs::path(out);
}

absl::Status FetchArtifact(client::Client& client, const v1::Job& job, const std::string& name, const fs::path& target) {
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client.ListArtifacts(job.id()));
  const auto found = std::find_if(artifacts.begin(), artifacts.end(), [&](const v1::Artifact& one) { return one.name() == name; });
  if (found == artifacts.end()) return absl::DataLossError(absl::StrCat("job ", job.id(), " left no file ", name));
  return client::DownloadArtifact(client, job.id(), *found, target);
}

void Show(Session& session, const fs::path& file) {
  if (const absl::Status opened = OpenOnDesktop(file); !opened.ok()) {
    session.console().Message(absl::StrCat("not shown: ", opened.message()));
  }
}

}  // namespace seedbed::cli
