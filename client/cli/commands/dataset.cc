// seedbed dataset add|clean|ls|show|rm
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/follow_job.h"
#include "client/cli/text_format.h"
#include "client/cli/train_settings.h"
#include "client/lib/download.h"
#include "client/lib/upload.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr char kRejectedFile[] = "rejected.tsv";

struct CleanOptions {
  std::string source;
  std::string pipeline = "remove_background";
  std::string output;
  bool update = false;
  JobOptions job;
};

struct AddOptions {
  std::string name;
  std::string path;
  bool upload = false;
  bool update = false;
  bool follow_links = false;
  JobOptions job;
};

void ShowUpload(Console& console, const client::UploadProgress& progress) {
  v1::Progress line;
  const bool hashing = progress.phase == client::UploadProgress::Phase::kHash;
  line.set_phase(hashing ? "hash" : "upload");
  line.set_unit(hashing ? "files" : "bytes");
  line.set_done(progress.done);
  line.set_total(progress.total);
  console.DrawProgress(ProgressLine(line));
}

absl::Status Upload(Session& session, const AddOptions& options, v1::IndexSpec* index) {
  const InterruptCatcher& interrupts = session.CatchInterrupts();
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  client::UploadOptions upload;
  upload.cancelled = &interrupts.interrupted();
  upload.on_progress = [&session](const client::UploadProgress& progress) { ShowUpload(session.console(), progress); };
  const absl::StatusOr<client::UploadResult> result = client::UploadFolder(*client, options.path, upload);
  session.console().ClearProgress();
  if (!result.ok()) return absl::IsCancelled(result.status()) ? InterruptedError(interrupts.signal()) : result.status();
  session.console().Message(absl::StrCat("Sent ", FormatCount(result->sent_files), " of ", FormatCountOf(result->files, "file"), " (",
                                         FormatBytes(result->sent_bytes), "); the server had the others"));
  index->set_listing_sha256(result->listing_sha256);
  return absl::OkStatus();
}

// How often each reason stands in rejected.tsv; details behind a colon are left away.
std::map<std::string, int64_t> CountReasons(std::string_view tsv) {
  std::map<std::string, int64_t> counts;
  const std::vector<std::string> lines = absl::StrSplit(ToAbsl(tsv), '\n', absl::SkipEmpty());
  for (size_t i = 1; i < lines.size(); ++i) {  // the first line names the columns
    const std::string reason = lines[i].substr(lines[i].rfind('\t') + 1);
    ++counts[reason.substr(0, reason.find(':'))];
  }
  return counts;
}

// Says how many files were left out, why, and how to see which. What cannot be fetched is not worth an error here.
void ReportRejected(Session& session, client::Client& client, const v1::Dataset& dataset) {
  if (dataset.rejected() == 0) return;
  std::string text = absl::StrCat(FormatCountOf(dataset.rejected(), "file"), " left out");
  const auto artifacts = client.ListArtifacts(dataset.job_id());
  for (const v1::Artifact& artifact : artifacts.ok() ? *artifacts : std::vector<v1::Artifact>()) {
    if (artifact.name() != kRejectedFile) continue;
    std::string content;
    const absl::Status read = client::ReadArtifact(client, dataset.job_id(), artifact, [&content](std::string_view bytes) {
      content += bytes;
      return absl::OkStatus();
    });
    if (!read.ok()) break;
    for (const auto& [reason, count] : CountReasons(content)) absl::StrAppend(&text, "\n  ", FormatCount(count), "  ", reason);
  }
  const std::string command = absl::StrCat("job get ", dataset.job_id(), " ", kRejectedFile, " --out -");
  session.console().Message(absl::StrCat(text, "\n  which: ", session.CommandLine(command)));
}

void PrintAdded(Session& session, client::Client& client, const v1::Dataset& dataset) {
  Console& console = session.console();
  console.Print(absl::StrCat("Found ", dataset.images(), " images belonging to ", dataset.classes_size(), " classes.\n"));
  std::string summary = absl::StrCat("dataset ", dataset.name(), ":", dataset.version(), ", ", FormatBytes(dataset.bytes()));
  if (dataset.duplicate_groups() > 0) {
    absl::StrAppend(&summary, ", ", FormatCountOf(dataset.duplicate_groups(), "group"), " of equal files");
  }
  if (dataset.near_duplicate_pairs() > 0) {
    absl::StrAppend(&summary, ", ", FormatCountOf(dataset.near_duplicate_pairs(), "pair"), " that look alike");
  }
  console.Print(summary + "\n");
  ReportRejected(session, client, dataset);
}

absl::StatusOr<ExitCode> PrintMade(Session& session, const std::string& name, int version) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::GetDatasetResponse response, client->GetDataset(name, version));
  if (session.console().json()) {
    session.console().PrintJson(ToJson(response.dataset()));
  } else {
    PrintAdded(session, *client, response.dataset());
  }
  return kDone;
}

absl::StatusOr<ExitCode> AddDataset(Session& session, const AddOptions& options) {
  v1::JobSpec spec;
  v1::IndexSpec* index = spec.mutable_index();
  index->set_dataset(options.name);
  index->set_update(options.update);
  index->set_follow_links(options.follow_links);
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  if (options.upload) {
    SB_RETURN_IF_ERROR(Upload(session, options, index));
  } else {
    index->set_root(ServerPath(options.path));
  }
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  const v1::IndexResult& result = outcome.job.result().index();
  return PrintMade(session, result.dataset(), result.version());
}

absl::StatusOr<v1::JobSpec> CleanJob(const CleanOptions& options) {
  v1::JobSpec spec;
  v1::CleanSpec* clean = spec.mutable_clean();
  SB_ASSIGN_OR_RETURN(const Reference source, ParseReference(options.source));
  clean->set_dataset(source.name);
  clean->set_dataset_version(source.version);
  const absl::StatusOr<Json> steps = ParseSettingValue(*FindTrainSetting("pipeline"), options.pipeline);
  if (!steps.ok()) return UsageError(absl::StrCat("--pipeline: ", steps.status().message()));
  const auto read = google::protobuf::util::JsonStringToMessage(ToLine(*steps), clean->mutable_pipeline());
  if (!read.ok()) return UsageError(absl::StrCat("--pipeline: ", read.ToString()));
  clean->set_output(options.output);
  clean->set_update(options.update);
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  return spec;
}

absl::StatusOr<ExitCode> CleanDataset(Session& session, const CleanOptions& options) {
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, CleanJob(options));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  const v1::CleanResult& result = outcome.job.result().clean();
  return PrintMade(session, result.dataset(), result.version());
}

absl::StatusOr<ExitCode> ListDatasets(Session& session) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Dataset> datasets, client->ListDatasets());
  if (session.console().json()) {
    session.console().PrintJson(ListDocument("datasets", datasets));
    return kDone;
  }
  Table table({{"NAME"},
               {"VERSION", Align::kRight},
               {"IMAGES", Align::kRight},
               {"CLASSES", Align::kRight},
               {"REJECTED", Align::kRight},
               {"SIZE", Align::kRight},
               {"CREATED"},
               {"ROOT"}});
  for (const v1::Dataset& dataset : datasets) {
    table.AddRow({dataset.name(), absl::StrCat(dataset.version()), FormatCount(dataset.images()), FormatCount(dataset.classes_size()),
                  FormatCount(dataset.rejected()), FormatBytes(dataset.bytes()), session.console().Time(CreateTime(dataset)),
                  dataset.root().empty() ? "(uploaded)" : dataset.root()});
  }
  session.console().Print(table);
  return kDone;
}

void PrintDataset(Console& console, const v1::GetDatasetResponse& response) {
  const v1::Dataset& dataset = response.dataset();
  console.Print(RenderPairs({{"name", absl::StrCat(dataset.name(), ":", dataset.version())},
                             {"root", dataset.root().empty() ? "(uploaded)" : dataset.root()},
                             {"created", console.Time(CreateTime(dataset))},
                             {"images", FormatCount(dataset.images())},
                             {"size", FormatBytes(dataset.bytes())},
                             {"rejected", FormatCount(dataset.rejected())},
                             {"equal files", FormatCountOf(dataset.duplicate_groups(), "group")},
                             {"look alike", FormatCountOf(dataset.near_duplicate_pairs(), "pair")},
                             {"manifest", dataset.manifest_sha256()},
                             {"made by", dataset.job_id()}}));
  Table classes({{"CLASS"}, {"IMAGES", Align::kRight}});
  for (const v1::ClassCount& count : dataset.classes()) classes.AddRow({count.name(), FormatCount(count.images())});
  console.Print("\n");
  console.Print(classes);
  if (response.splits().empty()) return;
  Table splits({{"SPLIT"}, {"RULE"}, {"SUBSETS"}, {"CREATED"}});
  for (const v1::Split& split : response.splits()) {
    std::string subsets;
    for (const v1::Subset& subset : split.subsets()) {
      absl::StrAppend(&subsets, subsets.empty() ? "" : ", ", subset.name(), " ", FormatCount(subset.images()));
    }
    splits.AddRow({split.name(), split.rule(), subsets, console.Time(CreateTime(split))});
  }
  console.Print("\n");
  console.Print(splits);
}

absl::StatusOr<ExitCode> ShowDataset(Session& session, const std::string& text) {
  SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(text));
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::GetDatasetResponse response, client->GetDataset(reference.name, reference.version));
  if (session.console().json()) {
    Json document = ToJson(response.dataset());
    document.update(ListDocument("splits", response.splits()));
    session.console().PrintJson(document);
  } else {
    PrintDataset(session.console(), response);
  }
  return kDone;
}

absl::StatusOr<ExitCode> RemoveDataset(Session& session, const std::string& name, bool yes) {
  if (!Confirm(session, absl::StrCat("Remove dataset ", name, " with all its versions and splits? Images indexed in place stay."), yes)) {
    return kFailed;
  }
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_RETURN_IF_ERROR(client->DeleteDataset(name));
  if (session.console().json()) {
    session.console().PrintJson({{"removed", name}});
  } else {
    session.console().Message(absl::StrCat("dataset ", name, " removed"));
  }
  return kDone;
}

void AddAddCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<AddOptions>();
  CLI::App* command = tree.AddCommand(noun, "add", "Index a folder PATH/<class>/<image> as a dataset",
                                      {"seedbed dataset add seedlings /data/seedlings        # a folder of the server, indexed in place",
                                       "seedbed dataset add seedlings photos --upload        # sends what the server lacks",
                                       "seedbed dataset add seedlings /data/seedlings --update   # a new version"},
                                      [options](Session& session) { return AddDataset(session, *options); });
  command->add_option("NAME", options->name, "Name of the dataset: a-z, 0-9, '.', '_', '-'")->required();
  command->add_option("PATH", options->path, "Folder; relative ones from the working directory")->required();
  command->add_flag("--upload", options->upload, "Send the images of a local folder to the server");
  command->add_flag("--update", options->update, "Make a further version of an existing dataset");
  command->add_flag("--follow-links", options->follow_links, "Follow symbolic links to folders");
  AddJobOptions(command, &options->job);
}

void AddCleanCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<CleanOptions>();
  CLI::App* command = tree.AddCommand(
      noun, "clean", "Make a dataset of another one's pictures without their background, or after any fixed steps",
      {"seedbed dataset clean seedlings --as seedlings-clean",
       "seedbed dataset clean seedlings --pipeline '[remove_background: {fill: 255, keep_largest: true}]' --as seedlings-white"},
      [options](Session& session) { return CleanDataset(session, *options); }, ArgumentKind::kDataset);
  command->add_option("DATASET", options->source, "Name, or NAME:VERSION")->required();
  command->add_option("--pipeline", options->pipeline, "What is done to each picture at its own size: a step, or a list of steps")
      ->type_name("STEPS")
      ->capture_default_str();
  command->add_option("--as", options->output, "Name of the dataset that is made: a-z, 0-9, '.', '_', '-'")->type_name("NEW")->required();
  command->add_flag("--update", options->update, "Make a further version of an existing dataset");
  AddJobOptions(command, &options->job);
}

}  // namespace

void AddDatasetCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("dataset", "Datasets: add, clean, ls, show, rm");
  AddAddCommand(tree, noun);
  AddCleanCommand(tree, noun);
  tree.AddCommand(noun, "ls", "List datasets, the newest version of each", {"seedbed dataset ls"}, ListDatasets);

  const auto shown = std::make_shared<std::string>();
  CLI::App* show = tree.AddCommand(
      noun, "show", "Show a dataset, its classes and splits", {"seedbed dataset show seedlings", "seedbed dataset show seedlings:2"},
      [shown](Session& session) { return ShowDataset(session, *shown); }, ArgumentKind::kDataset);
  show->add_option("NAME", *shown, "Name, or NAME:VERSION")->required();

  const auto removed = std::make_shared<std::pair<std::string, bool>>();
  CLI::App* remove = tree.AddCommand(
      noun, "rm", "Remove a dataset with all its versions and splits", {"seedbed dataset rm seedlings"},
      [removed](Session& session) { return RemoveDataset(session, removed->first, removed->second); }, ArgumentKind::kDataset);
  remove->add_option("NAME", removed->first, "Name of the dataset")->required();
  remove->add_flag("--yes", removed->second, "Do not ask");
}

}  // namespace seedbed::cli
