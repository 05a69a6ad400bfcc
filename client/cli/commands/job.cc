// seedbed job ls|show|watch|cancel|artifacts|get
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/follow_job.h"
#include "client/cli/plot_sink.h"
#include "client/cli/text_format.h"
#include "client/lib/download.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

struct ListOptions {
  std::vector<std::string> states;
  std::vector<std::string> kinds;
  int limit = 100;
};

// Value of an enum by its name without prefix, in any case. Usage error naming the others.
template <typename Enum>
absl::StatusOr<Enum> ParseEnum(const std::string& text, const std::string& what) {
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Enum>();
  std::vector<std::string> names;
  for (int i = 1; i < descriptor->value_count(); ++i) {  // 0 is UNSPECIFIED
    names.push_back(absl::AsciiStrToLower(ShortEnumName(*descriptor->value(i))));
    if (names.back() == absl::AsciiStrToLower(text)) return static_cast<Enum>(descriptor->value(i)->number());
  }
  return UsageError(absl::StrCat("no job has the ", what, " '", text, "'; there are ", absl::StrJoin(names, ", ")));
}

std::string RunningTime(const v1::Job& job) {
  if (!job.has_start_time()) return "-";
  const absl::Time end = job.has_end_time() ? ToTime(job.end_time()) : absl::Now();
  return FormatElapsed(std::max(end - ToTime(job.start_time()), absl::ZeroDuration()));
}

// What there is to say about a job beside its state.
std::string Note(const v1::Job& job) {
  if (job.has_error()) return absl::StrCat(ShortEnumName(job.error().reason()), ": ", job.error().message());
  if (job.state() == v1::JOB_STATE_PENDING) return absl::StrCat(FormatCountOf(job.queue_position(), "job"), " ahead");
  if (job.state() == v1::JOB_STATE_RUNNING && job.has_progress()) return ProgressLine(job.progress());
  return "";
}

absl::StatusOr<ExitCode> ListJobs(Session& session, const ListOptions& options) {
  client::JobFilter filter;
  filter.limit = options.limit;
  for (const std::string& state : options.states) {
    SB_ASSIGN_OR_RETURN(const auto value, ParseEnum<v1::JobState>(state, "state"));
    filter.states.push_back(value);
  }
  for (const std::string& kind : options.kinds) {
    SB_ASSIGN_OR_RETURN(const auto value, ParseEnum<v1::JobKind>(kind, "kind"));
    filter.kinds.push_back(value);
  }
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs, client->ListJobs(filter));
  if (session.console().json()) {
    session.console().PrintJson(ListDocument("jobs", jobs));
    return kDone;
  }
  Table table({{"ID"}, {"KIND"}, {"STATE"}, {"ATTEMPT", Align::kRight}, {"CREATED"}, {"TOOK", Align::kRight}, {"NOTE"}});
  for (const v1::Job& job : jobs) {
    table.AddRow({job.id(), ShortEnumName(job.kind()), ShortEnumName(job.state()), absl::StrCat(job.attempt()),
                  session.console().Time(CreateTime(job)), RunningTime(job), Note(job)});
  }
  session.console().Print(table);
  return kDone;
}

absl::StatusOr<ExitCode> ShowJob(Session& session, const std::string& id) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::Job job, client->GetJob(id));
  Console& console = session.console();
  if (console.json()) {
    console.PrintJson(ToJson(job));
    return kDone;
  }
  std::vector<std::pair<std::string, std::string>> pairs{
      {"id", job.id()},
      {"kind", ShortEnumName(job.kind())},
      {"state", ShortEnumName(job.state())},
      {"attempt", absl::StrCat(job.attempt())},
      {"created", console.Time(CreateTime(job))},
      {"started", console.Time(job.has_start_time() ? &job.start_time() : nullptr)},
      {"ended", console.Time(job.has_end_time() ? &job.end_time() : nullptr)},
      {"took", RunningTime(job)},
      {"worker", job.worker().empty() ? "-" : job.worker()},
  };
  if (const std::string note = Note(job); !note.empty()) pairs.emplace_back(job.has_error() ? "error" : "note", note);
  for (const auto& [key, value] : job.spec().labels()) pairs.emplace_back("label", absl::StrCat(key, "=", value));
  if (job.has_profile()) pairs.emplace_back("profile", ToLine(ToJson(job.profile())));
  console.Print(RenderPairs(pairs));
  console.Print(absl::StrCat("\nspecification\n", ToJson(job.spec()).dump(2, ' ', false, Json::error_handler_t::replace), "\n"));
  if (job.has_result()) {
    console.Print(absl::StrCat("\nresult\n", ToJson(job.result()).dump(2, ' ', false, Json::error_handler_t::replace), "\n"));
  }
  return kDone;
}

struct WatchOptions {
  std::string job;
  int64_t after_seq = 0;
  bool plot = false;
};

absl::StatusOr<ExitCode> PlotJob(Session& session, const std::string& id) {
  if (session.console().json()) return UsageError("--plot draws for people; leave --output json out");
  const Terminals terminals = Terminals::Detect();
  PlotEventSink sink(&session.console(), TerminalWidth(), TerminalTakesUtf8(), terminals.out && !terminals.dumb);
  const absl::StatusOr<JobEnd> end = FollowJob(session, id, 0, sink);
  if (!absl::IsNotFound(end.status())) sink.Finish();
  SB_RETURN_IF_ERROR(end.status());
  return ReportEnd(session, id, *end);
}

absl::StatusOr<ExitCode> WatchJob(Session& session, const WatchOptions& options) {
  const std::string& id = options.job;
  if (options.plot) return PlotJob(session, id);
  std::unique_ptr<EventSink> sink;
  if (session.console().json()) {
    sink = std::make_unique<JsonEventSink>(&session.console());
  } else {
    sink = std::make_unique<TextEventSink>(&session.console(), TextEventSink::Detail::kFull);
  }
  SB_ASSIGN_OR_RETURN(const JobEnd end, FollowJob(session, id, options.after_seq, *sink));
  return ReportEnd(session, id, end);
}

absl::StatusOr<ExitCode> CancelJob(Session& session, const std::string& id) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::Job job, client->CancelJob(id));
  if (session.console().json()) {
    session.console().PrintJson(ToJson(job));
  } else if (client::IsTerminal(job.state())) {
    session.console().Message(absl::StrCat("job ", id, " has ended: ", ShortEnumName(job.state())));
  } else {
    session.console().Message(absl::StrCat("job ", id, " was asked to end; see how: ", session.CommandLine("job watch " + id)));
  }
  return kDone;
}

absl::StatusOr<ExitCode> ListArtifacts(Session& session, const std::string& id) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client->ListArtifacts(id));
  if (session.console().json()) {
    session.console().PrintJson(ListDocument("artifacts", artifacts));
    return kDone;
  }
  Table table({{"NAME"}, {"TYPE"}, {"SIZE", Align::kRight}, {"SHA256"}});
  for (const v1::Artifact& artifact : artifacts) {
    table.AddRow({artifact.name(), artifact.media_type(), FormatBytes(artifact.bytes()), artifact.sha256()});
  }
  session.console().Print(table);
  return kDone;
}

struct GetOptions {
  std::string job;
  std::string name;
  std::string out;
};

// The files that the command asks for, each with the path it goes to.
absl::StatusOr<std::vector<std::pair<v1::Artifact, fs::path>>> ChooseFiles(const std::vector<v1::Artifact>& artifacts,
                                                                           const GetOptions& options) {
  const fs::path out = options.out.empty() ? "." : options.out;
  std::vector<std::pair<v1::Artifact, fs::path>> files;
  for (const v1::Artifact& artifact : artifacts) {
    if (!options.name.empty() && artifact.name() != options.name) continue;
    const bool into_folder = options.name.empty() || out.filename().empty() || fs::is_directory(out);
    const std::string name = options.name.empty() ? artifact.name() : fs::path(artifact.name()).filename().string();
    SB_ASSIGN_OR_RETURN(const fs::path beneath, ResolveBeneath(out, name));
    files.emplace_back(artifact, into_folder ? beneath : out);
  }
  if (!files.empty() || options.name.empty()) return files;
  return WithHint(absl::NotFoundError(absl::StrCat("job ", options.job, " has no artifact '", options.name, "'")),
                  absl::StrCat("see which there are: seedbed job artifacts ", options.job));
}

absl::StatusOr<ExitCode> GetArtifacts(Session& session, const GetOptions& options) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client->ListArtifacts(options.job));
  SB_ASSIGN_OR_RETURN(const auto files, ChooseFiles(artifacts, options));
  if (options.out == "-") {
    if (options.name.empty()) return UsageError("--out - takes one artifact: give its NAME");
    SB_RETURN_IF_ERROR(client::ReadArtifact(*client, options.job, files.front().first, [](std::string_view bytes) {
      return std::cout << bytes ? absl::OkStatus() : absl::UnknownError("standard output cannot be written");
    }));
    return kDone;
  }
  Json list = Json::array();
  for (const auto& [artifact, path] : files) {
    SB_RETURN_IF_ERROR(client::DownloadArtifact(*client, options.job, artifact, path));
    list.push_back({{"name", artifact.name()}, {"path", path.string()}, {"bytes", artifact.bytes()}});
    session.console().Print(path.string() + "\n");
  }
  if (session.console().json()) session.console().PrintJson({{"files", list}});
  return kDone;
}

void AddListCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ListOptions>();
  CLI::App* command =
      tree.AddCommand(noun, "ls", "List jobs, newest first", {"seedbed job ls", "seedbed job ls --state running,pending --kind train"},
                      [options](Session& session) { return ListJobs(session, *options); });
  command->add_option("--state", options->states, "Only these states")->type_name("STATE,...")->delimiter(',')->allow_extra_args(false);
  command->add_option("--kind", options->kinds, "Only these kinds")->type_name("KIND,...")->delimiter(',')->allow_extra_args(false);
  command->add_option("--limit", options->limit, "At most so many; 0: all")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
}

void AddWatchCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<WatchOptions>();
  CLI::App* command = tree.AddCommand(
      noun, "watch", "Follow a job to its end; Ctrl-C leaves the job alone",
      {"seedbed job watch train-3", "seedbed job watch train-3 --plot", "seedbed job watch train-3 --output json --after-seq 17"},
      [options](Session& session) { return WatchJob(session, *options); }, ArgumentKind::kJob);
  command->add_option("JOB", options->job, "Id of the job")->required();
  CLI::Option* after = command->add_option("--after-seq", options->after_seq, "Only events after this number")
                           ->type_name("N")
                           ->check(CLI::NonNegativeNumber);
  command->add_flag("--plot", options->plot, "Draw loss and accuracy of a training as curves, again at each epoch")->excludes(after);
}

void AddGetCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<GetOptions>();
  CLI::App* command = tree.AddCommand(
      noun, "get", "Download what a job left behind",
      {"seedbed job get evaluate-4 --out report", "seedbed job get evaluate-4 confusion.csv --out -"},
      [options](Session& session) { return GetArtifacts(session, *options); }, ArgumentKind::kJob);
  command->add_option("JOB", options->job, "Id of the job")->required();
  command->add_option("NAME", options->name, "One artifact; default: all");
  command->add_option("--out", options->out, "Folder, or for one artifact a file, or - for standard output; default: the working directory")
      ->type_name("PATH");
}

}  // namespace

void AddJobCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("job", "Jobs: ls, show, watch, cancel, artifacts, get");
  AddListCommand(tree, noun);
  AddWatchCommand(tree, noun);
  AddGetCommand(tree, noun);
  struct Simple {
    const char* name;
    const char* description;
    absl::StatusOr<ExitCode> (*run)(Session&, const std::string&);
  };
  for (const Simple& simple : {Simple{"show", "Show a job", ShowJob}, Simple{"cancel", "Ask a job to end", CancelJob},
                               Simple{"artifacts", "List the files a job left behind", ListArtifacts}}) {
    const auto id = std::make_shared<std::string>();
    CLI::App* command = tree.AddCommand(
        noun, simple.name, simple.description, {absl::StrCat("seedbed job ", simple.name, " train-3")},
        [id, run = simple.run](Session& session) { return run(session, *id); }, ArgumentKind::kJob);
    command->add_option("JOB", *id, "Id of the job")->required();
  }
}

}  // namespace seedbed::cli
