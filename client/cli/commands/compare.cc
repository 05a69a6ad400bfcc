// seedbed compare
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/report_commands.h"
#include "client/cli/comparison.h"
#include "client/cli/text_format.h"
#include "client/lib/download.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kHistoryName[] = "history.csv";
constexpr int kEvaluationsLookedAt = 200;

struct CompareOptions {
  std::vector<std::string> models;
  std::string out;
};

// The epochs of the job that made a model; none when it was no training, or when the job is gone.
absl::StatusOr<std::vector<report::EpochPoint>> FetchEpochs(client::Client& client, const std::string& job_id) {
  const absl::StatusOr<std::vector<v1::Artifact>> artifacts = client.ListArtifacts(job_id);
  if (absl::IsNotFound(artifacts.status())) return std::vector<report::EpochPoint>();
  SB_RETURN_IF_ERROR(artifacts.status());
  const auto found = std::find_if(artifacts->begin(), artifacts->end(), [](const v1::Artifact& one) { return one.name() == kHistoryName; });
  if (found == artifacts->end()) return std::vector<report::EpochPoint>();
  std::string csv;
  SB_RETURN_IF_ERROR(client::ReadArtifact(client, job_id, *found, [&csv](std::string_view bytes) {
    csv.append(bytes);
    return absl::OkStatus();
  }));
  return ParseHistory(csv);
}

// The newest ones, whole: what is listed has neither specification nor result.
absl::StatusOr<std::vector<v1::Job>> FetchEvaluations(client::Client& client) {
  SB_ASSIGN_OR_RETURN(
      std::vector<v1::Job> jobs,
      client.ListJobs({.states = {v1::JOB_STATE_SUCCEEDED}, .kinds = {v1::JOB_KIND_EVALUATE}, .limit = kEvaluationsLookedAt}));
  for (v1::Job& job : jobs) {
    SB_ASSIGN_OR_RETURN(job, client.GetJob(job.id()));
  }
  return jobs;
}

absl::StatusOr<std::vector<ComparedModel>> Fetch(client::Client& client, const std::vector<std::string>& names) {
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Job> evaluations, FetchEvaluations(client));
  std::vector<ComparedModel> models;
  for (const std::string& name : names) {
    SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(name));
    ComparedModel compared;
    SB_ASSIGN_OR_RETURN(compared.model, client.GetModel(reference.name, reference.version));
    compared.evaluation = NewestEvaluation(evaluations, compared.model);
    SB_ASSIGN_OR_RETURN(compared.epochs, FetchEpochs(client, compared.model.job_id()));
    models.push_back(std::move(compared));
  }
  return models;
}

// To a file, or into a folder that is there. Returns where it is; nothing without `out`.
absl::StatusOr<fs::path> WriteReport(const std::vector<ComparedModel>& models, const std::string& out) {
  if (out.empty()) return fs::path();
  std::error_code error;
  const fs::path file = fs::is_directory(out, error) ? fs::path(out) / "comparison.html" : fs::path(out);
  report::Report report = ComparisonReport(models);
  report.footer = absl::StrCat("Made by seedbed compare, ", FormatUtc(SystemClock().WallMicros()).substr(0, 10), ".");
  if (file.has_parent_path()) SB_RETURN_IF_ERROR(CreateDirectories(file.parent_path()));
  SB_RETURN_IF_ERROR(PublishFile(file, report::RenderHtml(report)));
  return file;
}

absl::StatusOr<ExitCode> Compare(Session& session, const CompareOptions& options) {
  if (options.models.size() < 2) return UsageError("what is to be compared? Give two models or more");
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<ComparedModel> models, Fetch(*client, options.models));
  Console& console = session.console();
  if (!console.json()) console.Print(RenderComparison(models));
  SB_ASSIGN_OR_RETURN(const fs::path file, WriteReport(models, options.out));
  if (console.json()) {
    Json document = ComparisonToJson(models);
    if (!file.empty()) document["file"] = file.string();
    console.PrintJson(document);
  } else if (!file.empty()) {
    console.Message(absl::StrCat("report: ", file.string()));
  }
  return kDone;
}

}  // namespace

void AddCompareCommand(CommandTree& tree) {
  const auto options = std::make_shared<CompareOptions>();
  CLI::App* command = tree.AddCommand(
      &tree.root(), "compare", "Put models beside each other: size, training, newest evaluation",
      {"seedbed compare baseline:1 baseline:2", "seedbed compare baseline strong --out comparison.html    # with their curves"},
      [options](Session& session) { return Compare(session, *options); }, ArgumentKind::kModel);
  command->add_option("MODEL", options->models, "Two or more: NAME, or NAME:VERSION")->required();
  command->add_option("--out", options->out, "Also write a report with the curves over each other")->type_name("FILE");
}

}  // namespace seedbed::cli
