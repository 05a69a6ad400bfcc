// seedbed train
#include <filesystem>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/dry_run.h"
#include "client/cli/folder_training.h"
#include "client/cli/follow_job.h"
#include "client/cli/recipe.h"
#include "client/cli/text_format.h"
#include "client/cli/train_settings.h"
#include "client/cli/typed_names.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr char kDefaultArch[] = "logistic";

struct TrainOptions {
  std::string recipe;
  std::string folder;
  std::map<std::string, std::string> texts;  // of the flags, by key; only those that were given
  std::vector<std::string> labels;
  std::map<std::string, bool> switches;  // whether a switch's flag was given, by key
  bool detach = false;
  bool dry_run = false;
};

// A training as the command line and the recipe describe it.
struct Training {
  GivenSettings given;
  v1::JobSpec spec;
  std::optional<FolderPlan> folder;
};

void Give(const std::string& key, Json value, const std::string& origin, GivenSettings* given) {
  (*given)[key] = GivenSetting{std::move(value), origin};
}

absl::StatusOr<GivenSettings> CollectSettings(const TrainOptions& options) {
  SB_ASSIGN_OR_RETURN(GivenSettings given, RecipeAndFlags(options.recipe, options.texts));
  for (const auto& [key, was_given] : options.switches) {
    if (was_given) Give(key, FindTrainSetting(key)->default_text != "true", "flag", &given);
  }
  Json labels = Json::object();
  for (const std::string& label : options.labels) {
    SB_ASSIGN_OR_RETURN(const auto pair, ParseLabel(label));
    labels[pair.first] = pair.second;
  }
  if (!labels.empty()) Give("labels", std::move(labels), "flag", &given);
  const bool has_network = given.contains("arch") || given.contains("weights") || given.contains("features");
  if (!has_network) Give("arch", kDefaultArch, "default", &given);
  return given;
}

// The text of a setting of type kText, or of the dataset's name.
std::string TextOf(const GivenSettings& given, const std::string& key) {
  const auto found = given.find(key);
  if (found == given.end()) return "";
  return found->second.value.is_object() ? found->second.value[key].get<std::string>() : found->second.value.get<std::string>();
}

absl::Status UseFolder(client::Client& client, const std::string& folder, Training* training) {
  const std::string root = ServerPath(folder);
  SB_ASSIGN_OR_RETURN(training->folder, PlanFolder(client, root, TextOf(training->given, "dataset"), TextOf(training->given, "split")));
  const FolderPlan& plan = *training->folder;
  if (!training->given.contains("dataset")) {
    Give("dataset", {{"dataset", plan.dataset}, {"dataset_version", plan.version}}, "folder name", &training->given);
  }
  if (TextOf(training->given, "split") != plan.split) {
    Give("split", plan.split, plan.split_job ? absl::StrCat("made: ", kFolderFraction, " of each class") : "of the dataset",
         &training->given);
  }
  return absl::OkStatus();
}

// What is trained on, and what: "seedlings-logistic", "seedlings-effnet" of the weights effnet:2, "features-head".
std::string DefaultModelName(const GivenSettings& given) {
  if (given.contains("features")) return absl::StrCat(TextOf(given, "features"), "-head");
  const std::string weights = TextOf(given, "weights");
  const std::string network = given.contains("arch") ? TextOf(given, "arch") : weights.substr(0, weights.find(':'));
  return absl::StrCat(TextOf(given, "dataset"), "-", network);
}

absl::StatusOr<Training> Prepare(Session& session, const TrainOptions& options) {
  Training training;
  SB_ASSIGN_OR_RETURN(training.given, CollectSettings(options));
  if (!options.folder.empty() && training.given.contains("features")) {
    return UsageError("a folder of images and --features are two things to train on: give one");
  }
  if (!options.folder.empty()) {
    SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
    SB_RETURN_IF_ERROR(UseFolder(*client, options.folder, &training));
  }
  if (!training.given.contains("dataset") && !training.given.contains("features")) {
    return UsageError("what is to be trained on? Give --dataset NAME, --features NAME, or a folder of labelled images");
  }
  if (!training.given.contains("model")) Give("model", DefaultModelName(training.given), "default", &training.given);
  SB_ASSIGN_OR_RETURN(training.spec, BuildTrainJob(training.given));
  return training;
}

// --- Dry run.

// Settings that nobody gave, as the server would fill them in.
absl::StatusOr<v1::JobSpec> WithDefaults(GivenSettings given) {
  for (const TrainSetting& setting : TrainSettings()) {
    if (given.contains(setting.key) || setting.default_text.empty()) continue;
    SB_ASSIGN_OR_RETURN(Json value, ParseSettingValue(setting, setting.default_text));
    Give(setting.key, std::move(value), "default", &given);
  }
  const bool adam = TextOf(given, "optimizer") == "adam";
  if (!given.contains("lr")) Give("lr", adam ? 0.001 : 0.01, "default", &given);
  const bool on_pixels = TextOf(given, "arch") == kDefaultArch && !given.contains("preset");
  if (!given.contains("center")) Give("center", on_pixels ? "CENTER_MEAN_IMAGE" : "CENTER_NONE", "default", &given);
  return BuildTrainJob(given);
}

// Nobody gave a size: it is the network's.
void SetSize(const google::protobuf::RepeatedField<int64_t>& input_shape, v1::Preprocessing* preprocessing) {
  if (input_shape.size() < 2) return;
  preprocessing->set_height(static_cast<int>(input_shape[0]));
  preprocessing->set_width(static_cast<int>(input_shape[1]));
}

absl::StatusOr<v1::Plan> MakePlan(Session& session, const Training& training) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  if (!training.folder.has_value() || !training.folder->split_job.has_value()) return client->PlanJob(training.spec);
  std::vector<v1::ClassCount> classes = training.folder->classes;
  if (training.folder->index_job.has_value()) {
    SB_ASSIGN_OR_RETURN(classes, CountImages(training.folder->root));
  }
  SB_ASSIGN_OR_RETURN(const v1::GetServerInfoResponse info, client->GetServerInfo());
  SB_ASSIGN_OR_RETURN(v1::JobSpec spec, WithDefaults(training.given));
  v1::SummarizeNetworkRequest request;
  *request.mutable_train() = spec.train();
  request.set_classes(static_cast<int>(classes.size()));
  SB_ASSIGN_OR_RETURN(const v1::SummarizeNetworkResponse network, client->SummarizeNetwork(request));
  SetSize(network.input_shape(), spec.mutable_train()->mutable_preprocessing());
  return EstimatePlan(classes, *training.folder, std::move(spec), network, info.free_bytes());
}

// The jobs that the command would submit, in order.
std::vector<std::string> JobsToMake(const Training& training) {
  std::vector<std::string> jobs;
  if (training.folder && training.folder->index_job) {
    jobs.push_back(absl::StrCat("index ", training.folder->root, " as ", training.folder->dataset));
  }
  if (training.folder && training.folder->split_job) {
    jobs.push_back(absl::StrCat("split ", training.folder->dataset, ": ", kFolderFraction, " of each class to validation"));
  }
  jobs.push_back(absl::StrCat("train ", training.spec.train().model()));
  return jobs;
}

absl::StatusOr<ExitCode> ShowPlan(Session& session, const Training& training) {
  SB_ASSIGN_OR_RETURN(const v1::Plan plan, MakePlan(session, training));
  if (session.console().json()) {
    Json document = {{"jobs", JobsToMake(training)}};
    document.update(PlanDocument(plan, training.given));
    session.console().PrintJson(document);
    return kDone;
  }
  const bool counted = training.folder.has_value() && training.folder->index_job.has_value();
  session.console().Print(absl::StrCat("Nothing was submitted. Jobs: ", absl::StrJoin(JobsToMake(training), "; "), "\n",
                                       counted ? "The folder is not indexed yet: images are counted by file name.\n" : "", "\n"));
  session.console().Print(RenderPlan(plan, training.given));
  return kDone;
}

// --- Submission.

// "logistic on seedlings (split default), model baseline"; "head of weights effnet on ..."; "head on features maize, model baseline".
std::string Describe(const v1::TrainSpec& train) {
  if (!train.features().empty()) return absl::StrCat("head on features ", train.features(), ", model ", train.model());
  std::string network = train.arch();
  if (!train.weights().empty()) {
    const std::string trainable = train.trainable().empty() ? "head" : absl::StrJoin(train.trainable(), ",");
    network = absl::StrCat(trainable, " of ", network.empty() ? "" : network + " with ", "weights ", train.weights());
  }
  const std::string split = train.split().empty() ? "all images" : absl::StrCat("split ", train.split());
  return absl::StrCat(network, " on ", train.dataset(), " (", split, "), model ", train.model());
}

// Submits what the training needs, then the training; it is the last in the list.
absl::StatusOr<std::vector<v1::Job>> SubmitAll(client::Client& client, Training* training) {
  std::vector<v1::Job> jobs;
  const auto submit = [&](v1::JobSpec* spec) -> absl::Status {
    for (const v1::Job& job : jobs) spec->add_depends_on(job.id());
    SB_ASSIGN_OR_RETURN(v1::Job job, client.SubmitJob(*spec));
    jobs.push_back(std::move(job));
    return absl::OkStatus();
  };
  if (training->folder && training->folder->index_job) SB_RETURN_IF_ERROR(submit(&*training->folder->index_job));
  if (training->folder && training->folder->split_job) SB_RETURN_IF_ERROR(submit(&*training->folder->split_job));
  SB_RETURN_IF_ERROR(submit(&training->spec));
  return jobs;
}

std::string JobLine(const v1::Job& job, const Training& training) {
  switch (job.kind()) {
    case v1::JOB_KIND_INDEX:
      return absl::StrCat("Job ", job.id(), ": index ", training.folder->root, " as dataset ", training.folder->dataset);
    case v1::JOB_KIND_SPLIT:
      return absl::StrCat("Job ", job.id(), ": split ", training.folder->dataset, ", ", kFolderFraction, " of each class to validation");
    default:
      return absl::StrCat("Job ", job.id(), ": ", Describe(training.spec.train()));
  }
}

// The training first: scripts read its id from the first line.
void Announce(Console& console, const std::vector<v1::Job>& jobs, const Training& training) {
  for (size_t i = 0; i < jobs.size(); ++i) {
    const v1::Job& job = i == 0 ? jobs.back() : jobs[i - 1];
    if (console.json()) {
      Json line = {{"type", "job"}};
      line.update(ToJson(job));
      console.PrintJsonLine(line);
    } else {
      console.Print(JobLine(job, training) + "\n");
    }
  }
}

// What is left to be said about a job that succeeded, for people.
absl::Status Summarize(Session& session, const v1::Job& submitted) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::Job job, client->GetJob(submitted.id()));
  if (job.result().has_index()) {
    const v1::IndexResult& index = job.result().index();
    session.console().Print(absl::StrCat("Found ", index.images(), " images belonging to ", index.classes(), " classes.\n"));
  } else if (job.result().has_train()) {
    const v1::TrainResult& train = job.result().train();
    session.console().Print(absl::StrCat("model ", train.model(), ":", train.version(), ", weights ", train.weights_sha256(), "\n"));
    session.console().Message(absl::StrCat("see: ", session.CommandLine("model show " + train.model())));
  }
  return absl::OkStatus();
}

// What a training says of itself is worth reading: that its backbone runs once, or is not needed at all. The other jobs are summarized.
TextEventSink::Detail DetailOf(const v1::Job& job) {
  return job.kind() == v1::JOB_KIND_TRAIN ? TextEventSink::Detail::kNotes : TextEventSink::Detail::kBrief;
}

// Events of the jobs one after the other; the exit code is that of the first which did not succeed.
absl::StatusOr<ExitCode> FollowAll(Session& session, const std::vector<v1::Job>& jobs) {
  Console& console = session.console();
  for (const v1::Job& job : jobs) {
    std::unique_ptr<EventSink> sink;
    if (console.json()) {
      sink = std::make_unique<JsonEventSink>(&console);
    } else {
      sink = std::make_unique<TextEventSink>(&console, DetailOf(job));
    }
    SB_ASSIGN_OR_RETURN(const JobEnd end, FollowJob(session, job.id(), 0, *sink));
    const ExitCode code = ReportEnd(session, job.id(), end);
    if (code != kDone) return code;
    if (!console.json()) SB_RETURN_IF_ERROR(Summarize(session, job));
  }
  return kDone;
}

absl::StatusOr<ExitCode> Train(Session& session, const TrainOptions& options) {
  session.CatchInterrupts();
  SB_ASSIGN_OR_RETURN(Training training, Prepare(session, options));
  if (options.dry_run) {
    absl::StatusOr<ExitCode> shown = ShowPlan(session, training);
    if (!shown.ok()) return InTypedNames(shown.status(), training.given);
    return shown;
  }
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  const absl::StatusOr<std::vector<v1::Job>> submitted = SubmitAll(*client, &training);
  if (!submitted.ok()) return InTypedNames(submitted.status(), training.given);
  const std::vector<v1::Job>& jobs = *submitted;
  if (options.detach) {
    for (const v1::Job& job : jobs) session.console().Message(JobLine(job, training));
    PrintDetached(session, jobs.back());
    return kDone;
  }
  Announce(session.console(), jobs, training);
  return FollowAll(session, jobs);
}

void AddSettingFlags(CLI::App* command, TrainOptions* options) {
  for (const TrainSetting& setting : TrainSettings()) {
    const std::string flag = FlagOf(setting);
    if (setting.type == SettingType::kSwitch) {
      command->add_flag(flag, options->switches[setting.key], setting.help);
    } else if (setting.type == SettingType::kLabels) {
      command->add_option(flag, options->labels, setting.help)->type_name("KEY=VALUE")->allow_extra_args(false);
    } else {
      const std::string help = setting.default_text.empty() ? setting.help : absl::StrCat(setting.help, "; default ", setting.default_text);
      command->add_option(flag, options->texts[setting.key], help)->type_name(TypeName(setting));
    }
  }
}

}  // namespace

void AddTrainCommand(CommandTree& tree) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App* command = tree.AddCommand(
      &tree.root(), "train", "Train a model on a dataset, or on a folder PATH/<class>/<image>",
      {"seedbed train --dataset seedlings --split default --arch logistic --model baseline",
       "seedbed train -f recipe.yaml --epochs 20                # flags stand above the recipe",
       "seedbed train photos --arch logistic                    # makes or reuses dataset and split: 0.1 of each class validates",
       "seedbed train photos --weights effnet                   # a new head on a pretrained network, which stays as it is",
       "seedbed train photos --weights effnet --head '[global_average_pool, dropout: 0.2, dense: classes]' --trainable head",
       "seedbed train --features photos-effnet --epochs 100     # from what 'seedbed extract' stored",
       "seedbed train photos --dry-run                          # what would happen, and where each setting comes from"},
      [options](Session& session) { return Train(session, *options); });
  command->add_option("DIR", options->folder, "Folder of labelled images; relative ones from the working directory");
  command->add_option("-f,--file", options->recipe, "Recipe in YAML: the same keys as the flags, with _ for -")->type_name("RECIPE");
  AddSettingFlags(command, options.get());
  command->add_flag("--detach", options->detach, "Submit the job, print its id, and do not wait for it");
  command->add_flag("--dry-run", options->dry_run, "Submit nothing; say what would happen");
}

}  // namespace seedbed::cli
