// seedbed model export
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/follow_job.h"
#include "client/lib/download.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr char kSafetensors[] = "safetensors";
constexpr char kTorchScript[] = "torchscript";

struct ExportOptions {
  std::string model;
  std::string format = kSafetensors;
  std::string out;
};

void PrintFiles(Console& console, const std::string& folder, const std::vector<v1::Artifact>& files) {
  if (console.json()) {
    Json document = {{"folder", folder}};
    document.update(ListDocument("files", files));
    console.PrintJson(document);
  }
  for (const v1::Artifact& file : files) console.Print(absl::StrCat(folder, "/", file.name(), "\n"));
}

// A worker has to make the file: a job is waited for.
absl::StatusOr<ExitCode> ExportTorchScript(Session& session, const ExportOptions& options) {
  v1::JobSpec spec;
  spec.mutable_export_()->set_model(options.model);
  spec.mutable_export_()->set_format(options.format);
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, false));
  if (!outcome.finished) return outcome.exit_code;
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> files, ExportedFiles(*client, outcome.job));
  SB_RETURN_IF_ERROR(client::DownloadArtifacts(*client, outcome.job.id(), files, options.out));
  PrintFiles(session.console(), options.out, files);
  return kDone;
}

absl::StatusOr<ExitCode> ExportModel(Session& session, const ExportOptions& options) {
  if (options.format == kTorchScript) return ExportTorchScript(session, options);
  SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(options.model));
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> files, client::ExportModel(*client, reference.name, reference.version, options.out));
  PrintFiles(session.console(), options.out, files);
  return kDone;
}

}  // namespace

void AddModelExportCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command = tree.AddCommand(
      noun, "export", "Download a model: its own files (model.json, model.safetensors, ...), or TorchScript for other programs",
      {"seedbed model export baseline --out baseline", "seedbed model export baseline --format torchscript --out baseline"},
      [options](Session& session) { return ExportModel(session, *options); }, ArgumentKind::kModel);
  command->add_option("MODEL", options->model, "Name, or NAME:VERSION")->required();
  command->add_option("--format", options->format, "safetensors: the model's files; torchscript: a file that torch.jit.load runs")
      ->check(CLI::IsMember({kSafetensors, kTorchScript}))
      ->type_name("FORMAT")
      ->capture_default_str();
  command->add_option("--out", options->out, "Folder to make; must not exist or be empty")->type_name("DIR")->required();
}

}  // namespace seedbed::cli
