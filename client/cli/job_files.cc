#include "client/cli/job_files.h"

#include <algorithm>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cli/open_file.h"
#include "client/cli/text_format.h"
#include "client/lib/download.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

bool IsFolder(const std::string& out) {
  std::error_code error;
  return !out.empty() && (fs::is_directory(out, error) || fs::path(out).extension() != ".png");
}

}  // namespace

fs::path TargetOf(const std::string& out, const std::string& name) {
  std::error_code error;
  if (out.empty()) return name;
  return fs::is_directory(out, error) ? fs::path(out) / name : fs::path(out);
}

absl::Status FetchJobFile(client::Client& client, const v1::Job& job, const std::string& name, const fs::path& target) {
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client.ListArtifacts(job.id()));
  const auto found = std::find_if(artifacts.begin(), artifacts.end(), [&](const v1::Artifact& one) { return one.name() == name; });
  if (found == artifacts.end()) return absl::DataLossError(absl::StrCat("job ", job.id(), " left no file ", name));
  return client::DownloadArtifact(client, job.id(), *found, target);
}

absl::StatusOr<fs::path> FetchPictures(client::Client& client, const v1::Job& job, const v1::PictureFile& sheet, const std::string& out) {
  if (!IsFolder(out)) {
    const fs::path target = TargetOf(out, sheet.file());
    SB_RETURN_IF_ERROR(FetchJobFile(client, job, sheet.file(), target));
    return target;
  }
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client.ListArtifacts(job.id()));
  for (const v1::Artifact& artifact : artifacts) {
    SB_ASSIGN_OR_RETURN(const fs::path target, ResolveBeneath(out, artifact.name()));
    SB_RETURN_IF_ERROR(client::DownloadArtifact(client, job.id(), artifact, target));
  }
  return fs::path(out) / sheet.file();
}

void ShowFile(Session& session, const fs::path& file) {
  if (const absl::Status opened = OpenOnDesktop(file); !opened.ok()) {
    session.console().Message(absl::StrCat("not shown: ", opened.message()));
  }
}

std::string PictureLine(const fs::path& file, const std::string& what, const v1::PictureFile& picture) {
  return absl::StrCat(file.string(), ": ", what, ", ", picture.width(), "x", picture.height(), " pixels, ", FormatBytes(picture.bytes()));
}

}  // namespace seedbed::cli
