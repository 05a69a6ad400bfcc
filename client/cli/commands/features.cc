// seedbed features ls|show|rm|export
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/features_view.h"
#include "client/cli/follow_job.h"
#include "client/lib/download.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<ExitCode> ListFeatures(Session& session) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::FeatureSet> features, client->ListFeatures());
  if (session.console().json()) {
    session.console().PrintJson(ListDocument("features", features));
  } else {
    session.console().Print(FeaturesTable(features, session.console()));
  }
  return kDone;
}

absl::StatusOr<ExitCode> ShowFeatures(Session& session, const std::string& name) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::GetFeaturesResponse response, client->GetFeatures(name));
  if (session.console().json()) {
    session.console().PrintJson(FeaturesDocument(response));
  } else {
    session.console().Print(RenderFeatures(response, session.console()));
  }
  return kDone;
}

absl::StatusOr<ExitCode> RemoveFeatures(Session& session, const std::string& name, bool yes) {
  if (!Confirm(session, absl::StrCat("Remove features ", name, "?"), yes)) return kFailed;
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_RETURN_IF_ERROR(client->DeleteFeatures(name));
  if (session.console().json()) {
    session.console().PrintJson({{"removed", name}});
  } else {
    session.console().Message(absl::StrCat("features ", name, " removed"));
  }
  return kDone;
}

struct ExportOptions {
  std::string name;
  std::string format = "npy";
  std::string out;
  JobOptions job;
};

// The main file goes to `out`; others lie beside it and are called like it: with out/maize.npy, the artifact seedlings.labels.npy of the
// features "seedlings" becomes out/maize.labels.npy. All keep their names when `out` is a folder.
absl::StatusOr<fs::path> TargetOf(const v1::Artifact& artifact, bool is_main, const ExportOptions& options) {
  const fs::path out = options.out;
  if (out.filename().empty() || fs::is_directory(out)) return ResolveBeneath(out, artifact.name());
  if (is_main) return out;
  absl::string_view suffix = artifact.name();
  absl::ConsumePrefix(&suffix, options.name);
  const fs::path folder = out.has_parent_path() ? out.parent_path() : ".";
  return ResolveBeneath(folder, absl::StrCat(out.stem().string(), suffix));
}

absl::StatusOr<ExitCode> ExportFeatures(Session& session, const ExportOptions& options) {
  v1::JobSpec spec;
  spec.mutable_export_()->set_features(options.name);
  spec.mutable_export_()->set_format(options.format);
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, ExportedFiles(*client, outcome.job));
  Json files = Json::array();
  for (size_t i = 0; i < artifacts.size(); ++i) {
    SB_ASSIGN_OR_RETURN(const fs::path path, TargetOf(artifacts[i], i == 0, options));
    SB_RETURN_IF_ERROR(client::DownloadArtifact(*client, outcome.job.id(), artifacts[i], path));
    files.push_back({{"name", artifacts[i].name()}, {"path", path.string()}, {"bytes", artifacts[i].bytes()}});
    session.console().Print(path.string() + "\n");
  }
  if (session.console().json()) session.console().PrintJson({{"files", files}});
  return kDone;
}

void AddExportCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command = tree.AddCommand(
      noun, "export", "Download features for other programs",
      {"seedbed features export seedlings-effnet --out seedlings.npy        # and seedlings.labels.npy, seedlings.csv",
       "seedbed features export seedlings-effnet --format csv --out seedlings.csv"},
      [options](Session& session) { return ExportFeatures(session, *options); }, ArgumentKind::kFeatures);
  command->add_option("NAME", options->name, "Name of the features")->required();
  command->add_option("--format", options->format, "npy or csv")
      ->check(CLI::IsMember({"npy", "csv"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  command->add_option("--out", options->out, "File to make; others are laid beside it. Or a folder")->type_name("PATH")->required();
  AddJobOptions(command, &options->job);
}

}  // namespace

void AddFeaturesCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("features", "Stored features: ls, show, rm, export");
  tree.AddCommand(noun, "ls", "List stored features", {"seedbed features ls"}, ListFeatures);

  const auto shown = std::make_shared<std::string>();
  CLI::App* show = tree.AddCommand(
      noun, "show", "Show what features are of, and how they were made", {"seedbed features show seedlings-effnet"},
      [shown](Session& session) { return ShowFeatures(session, *shown); }, ArgumentKind::kFeatures);
  show->add_option("NAME", *shown, "Name of the features")->required();

  const auto removed = std::make_shared<std::pair<std::string, bool>>();
  CLI::App* remove = tree.AddCommand(
      noun, "rm", "Remove stored features", {"seedbed features rm seedlings-effnet"},
      [removed](Session& session) { return RemoveFeatures(session, removed->first, removed->second); }, ArgumentKind::kFeatures);
  remove->add_option("NAME", removed->first, "Name of the features")->required();
  remove->add_flag("--yes", removed->second, "Do not ask");

  AddExportCommand(tree, noun);
}

}  // namespace seedbed::cli
