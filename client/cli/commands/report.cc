// seedbed report
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/report_commands.h"
#include "client/cli/open_file.h"
#include "client/cli/text_format.h"
#include "client/lib/download.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kReportName[] = "report.html";

struct ReportOptions {
  std::string of;  // a job's id, or a model
  std::string out;
  bool open = false;
};

// The job of this id, or the one that made this model.
absl::StatusOr<v1::Job> FindJob(client::Client& client, const std::string& of) {
  if (of.find(':') == std::string::npos) {
    absl::StatusOr<v1::Job> job = client.GetJob(of);
    if (!absl::IsNotFound(job.status())) return job;
  }
  SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(of));
  const absl::StatusOr<v1::Model> model = client.GetModel(reference.name, reference.version);
  if (absl::IsNotFound(model.status())) {
    return WithHint(absl::NotFoundError(absl::StrCat("there is neither a job nor a model '", of, "'")),
                    "see which there are: seedbed job ls, seedbed model ls");
  }
  SB_RETURN_IF_ERROR(model.status());
  absl::StatusOr<v1::Job> job = client.GetJob(model->job_id());
  if (!absl::IsNotFound(job.status())) return job;
  return absl::NotFoundError(absl::StrCat("job ", model->job_id(), ", which made model '", of, "', is gone, and its report with it"));
}

// Why a job has none.
absl::Status NoReport(const v1::Job& job) {
  const bool reports = job.kind() == v1::JOB_KIND_TRAIN || job.kind() == v1::JOB_KIND_EVALUATE;
  if (!reports) {
    return absl::NotFoundError(absl::StrCat("job ", job.id(), " is of kind ", ShortEnumName(job.kind()),
                                            ", which leaves no report: those of kind TRAIN and EVALUATE do"));
  }
  if (job.state() == v1::JOB_STATE_SUCCEEDED) {
    return absl::NotFoundError(absl::StrCat("job ", job.id(), " left no report: it was run by an earlier version of the server"));
  }
  return WithHint(
      absl::NotFoundError(absl::StrCat("job ", job.id(), " is ", ShortEnumName(job.state()), ": a report is left by a job that succeeded")),
      absl::StrCat("follow it: seedbed job watch ", job.id()));
}

absl::StatusOr<v1::Artifact> FindReport(client::Client& client, const v1::Job& job) {
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client.ListArtifacts(job.id()));
  const auto found = std::find_if(artifacts.begin(), artifacts.end(), [](const v1::Artifact& one) { return one.name() == kReportName; });
  if (found == artifacts.end()) return NoReport(job);
  return *found;
}

absl::StatusOr<ExitCode> GetReport(Session& session, const ReportOptions& options) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::Job job, FindJob(*client, options.of));
  SB_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindReport(*client, job));
  std::error_code error;
  const fs::path name = absl::StrCat(job.id(), ".html");
  const fs::path target = options.out.empty()                    ? name
                          : fs::is_directory(options.out, error) ? fs::path(options.out) / name
                                                                 : fs::path(options.out);
  SB_RETURN_IF_ERROR(client::DownloadArtifact(*client, job.id(), artifact, target));
  Console& console = session.console();
  if (console.json()) {
    console.PrintJson({{"file", target.string()}, {"job", job.id()}, {"bytes", artifact.bytes()}});
  } else {
    console.Print(absl::StrCat(target.string(), ": ", FormatBytes(artifact.bytes()), "\n"));
  }
  if (!options.open) return kDone;
  // The report is there: that it is not shown is no failure.
  if (const absl::Status opened = OpenOnDesktop(target); !opened.ok()) console.Message(absl::StrCat("not shown: ", opened.message()));
  return kDone;
}

}  // namespace

void AddReportCommand(CommandTree& tree) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* command = tree.AddCommand(
      &tree.root(), "report", "Fetch the report of a training or an evaluation: one HTML file, which any browser opens offline",
      {"seedbed report evaluate-4 --open", "seedbed report baseline:3 --out baseline.html    # of the training that made it"},
      [options](Session& session) { return GetReport(session, *options); }, ArgumentKind::kJob);
  command->add_option("JOB|MODEL", options->of, "Id of the job, or NAME[:VERSION] of a model: then of the job that made it")->required();
  command->add_option("--out", options->out, "File, or folder; default: JOB.html in the working directory")->type_name("PATH");
  command->add_flag("--open", options->open, "Show it on the desktop");
}

}  // namespace seedbed::cli
