#include "client/cli/job_files.h"

#include <unistd.h>

#include <system_error>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/exit_code.h"
#include "client/cli/open_file.h"
#include "client/cli/text_format.h"
#include "client/lib/download.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

// Programs that look at endings would not open a PNG under these.
constexpr const char* kOtherPictures[] = {".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".svg", ".pdf"};

std::string Ending(const std::string& out) { return absl::AsciiStrToLower(fs::path(out).extension().string()); }

fs::path FolderOf(const std::string& out) {
  const fs::path folder = IsFolder(out) ? fs::path(out) : fs::path(out).parent_path();
  return folder.empty() ? "." : folder;
}

absl::Status Fetch(client::Client& client, const v1::Job& job, const std::string& sheet, const std::string& out) {
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client.ListArtifacts(job.id()));
  bool found = false;
  for (const v1::Artifact& artifact : artifacts) {
    const bool is_sheet = artifact.name() == sheet;
    found = found || is_sheet;
    if (!IsFolder(out) || out.empty()) {
      if (is_sheet) SB_RETURN_IF_ERROR(client::DownloadArtifact(client, job.id(), artifact, out.empty() ? fs::path(sheet) : fs::path(out)));
      continue;
    }
    SB_ASSIGN_OR_RETURN(const fs::path target, ResolveBeneath(out, artifact.name()));
    SB_RETURN_IF_ERROR(client::DownloadArtifact(client, job.id(), artifact, target));
  }
  return found ? absl::OkStatus() : absl::DataLossError(absl::StrCat("job ", job.id(), " left no file ", sheet));
}

}  // namespace

bool IsFolder(const std::string& out) {
  std::error_code error;
  return out.empty() || fs::is_directory(out, error) || Ending(out) != ".png";
}

absl::Status PrepareTarget(const std::string& out) {
  std::error_code error;
  if (out == "-") return UsageError("--out: pictures do not go to standard output; give FILE.png or a folder");
  if (!fs::is_directory(out, error) && absl::c_linear_search(kOtherPictures, Ending(out))) {
    return UsageError(absl::StrCat("--out: pictures are PNG files, not ", Ending(out), "; give FILE.png or a folder"));
  }
  const fs::path folder = FolderOf(out);
  const absl::Status made = CreateDirectories(folder);
  if (!made.ok()) return absl::Status(made.code(), absl::StrCat("--out: ", made.message()));
  if (access(folder.c_str(), W_OK) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("--out: no file can be made in ", folder.string()));
}

absl::StatusOr<fs::path> FetchPictures(Session& session, const v1::Job& job, const std::string& sheet, const std::string& out) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  if (const absl::Status fetched = Fetch(*client, job, sheet, out); !fetched.ok()) {
    return WithHint(fetched, absl::StrCat("the job has done its work; fetch its files: ",
                                          session.CommandLine(absl::StrCat("job get ", job.id(), " --out FOLDER"))));
  }
  return IsFolder(out) ? fs::path(out) / sheet : fs::path(out);
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
