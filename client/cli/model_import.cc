#include "client/cli/model_import.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/event_sink.h"
#include "client/cli/follow_job.h"
#include "client/cli/http_download.h"
#include "client/cli/text_format.h"
#include "client/cli/train_settings.h"
#include "client/cli/typed_names.h"
#include "client/cli/weights_fetch.h"
#include "client/lib/request_id.h"
#include "client/lib/upload.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPreprocessingPath = "train.preprocessing";
constexpr uint64_t kMaxClassesBytes = 16 << 20;

// The settings of a training's preprocessing hold for imported weights too, but for the training images' mean.
bool IsImportSetting(const TrainSetting& setting) { return setting.path.starts_with(kPreprocessingPath) && setting.key != "center"; }

// Of those that were given.
absl::StatusOr<v1::Preprocessing> GivenPreprocessing(const ImportOptions& options) {
  GivenSettings given;
  for (const auto& [key, text] : options.texts) {
    if (text.empty()) continue;
    const TrainSetting& setting = *FindTrainSetting(key);
    absl::StatusOr<Json> value = ParseSettingValue(setting, text);
    if (!value.ok()) return UsageError(absl::StrCat(FlagOf(setting), ": ", value.status().message()));
    given[key] = GivenSetting{*std::move(value), "flag"};
  }
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, BuildTrainJob(given));
  return spec.train().preprocessing();
}

void ShowBytes(Console& console, const char* phase, int64_t done, int64_t total) {
  v1::Progress line;
  line.set_phase(phase);
  line.set_unit("bytes");
  line.set_done(done);
  line.set_total(total);
  console.DrawProgress(ProgressLine(line));
}

absl::StatusOr<FetchOptions> MakeFetchOptions(Session& session, const ImportOptions& options) {
  FetchOptions fetch;
  fetch.cache = WeightsCacheFolder();
  SB_ASSIGN_OR_RETURN(fetch.tools, WeightsToolsFolder());
  const absl::StatusOr<absl::Duration> stall = ParseDuration(options.stall_timeout);
  if (!stall.ok()) return UsageError(absl::StrCat("--stall-timeout: ", stall.status().message()));
  fetch.stall_timeout = std::max(std::chrono::seconds(1), absl::ToChronoSeconds(*stall));
  fetch.deadline = session.deadline();
  fetch.cancelled = &session.CatchInterrupts().interrupted();
  fetch.on_progress = [&console = session.console()](int64_t done, int64_t total) { ShowBytes(console, "download", done, total); };
  return fetch;
}

// A file that disappears with the object.
class ScratchFile {
 public:
  explicit ScratchFile(fs::path path) : path_(std::move(path)) {}
  ~ScratchFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
};

std::string ShownLocation(const WeightsSource& source) {
  return LooksLikeUrl(source.location) ? WithoutSecrets(source.location) : source.location;
}

// Brings the weights to the server; returns the digest of what it has then.
class WeightsSender {
 public:
  WeightsSender(Session& session, const WeightsSource& source, FetchOptions fetch)
      : session_(session), console_(session.console()), source_(source), fetch_(std::move(fetch)) {}

  absl::StatusOr<std::string> Send() {
    SB_ASSIGN_OR_RETURN(const fs::path file, Fetch());
    if (!NeedsConversion(source_)) return Upload(file);
    const ScratchFile converted(fetch_.cache / absl::StrCat("converted-", client::NewRequestId(), ".safetensors"));
    console_.Message(absl::StrCat("Converting ", ShownLocation(source_), " to safetensors"));
    SB_RETURN_IF_ERROR(ConvertToSafetensors(file, source_, converted.path(), fetch_));
    return Upload(converted.path());
  }

 private:
  absl::StatusOr<fs::path> Fetch() {
    const bool is_local = !IsPipLocation(source_.location) && !LooksLikeUrl(source_.location);
    if (!is_local) console_.Message(absl::StrCat("Fetching ", ShownLocation(source_)));
    SB_ASSIGN_OR_RETURN(const FetchedFile fetched, FetchWeights(source_, fetch_));
    console_.ClearProgress();
    if (!is_local) {
      console_.Message(fetched.received > 0 ? absl::StrCat("Fetched ", FormatBytes(fetched.received), ", kept as ", fetched.file.string())
                                            : absl::StrCat("It was there already: ", fetched.file.string()));
    }
    return fetched.file;
  }

  absl::StatusOr<std::string> Upload(const fs::path& file) {
    SB_ASSIGN_OR_RETURN(client::Client * client, session_.client());
    client::UploadOptions options;
    options.cancelled = fetch_.cancelled;
    options.on_progress = [this](const client::UploadProgress& progress) {
      if (progress.phase == client::UploadProgress::Phase::kSend) ShowBytes(console_, "upload", progress.done, progress.total);
    };
    SB_ASSIGN_OR_RETURN(const client::UploadedFile sent, client::UploadFile(*client, file, options));
    console_.ClearProgress();
    console_.Message(absl::StrCat("Sent ", FormatBytes(sent.sent_bytes), sent.sent_bytes == 0 ? ": the server had the weights" : ""));
    return sent.sha256;
  }

  Session& session_;
  Console& console_;
  const WeightsSource& source_;
  const FetchOptions fetch_;
};

absl::Status PrintImported(Session& session, const v1::ImportModelResult& result, const std::string& arch) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::Model model, client->GetModel(result.model(), result.version()));
  if (session.console().json()) {
    session.console().PrintJson(ToJson(model));
    return absl::OkStatus();
  }
  session.console().Print(absl::StrCat("model ", result.model(), ":", result.version(), ", ", FormatCount(result.parameters()),
                                       " parameters named as ", result.naming(), " names them, weights ", result.weights_sha256(), "\n"));
  const std::string use = absl::StrCat("train --dataset DATASET --arch ", arch, " --weights ", result.model(), " --trainable head");
  session.console().Message(absl::StrCat("use it: ", session.CommandLine(use)));
  return absl::OkStatus();
}

}  // namespace

void AddImportOptions(CLI::App* command, ImportOptions* options) {
  command->add_flag("--with-top", options->with_top, "Keep the layers that make classes out of features");
  command->add_option("--classes", options->classes, "With --with-top: file with the classes' names, one a line in index order")
      ->type_name("FILE");
  for (const TrainSetting& setting : TrainSettings()) {
    if (!IsImportSetting(setting)) continue;
    const bool is_size = setting.type == SettingType::kSize;
    command->add_option(FlagOf(setting), options->texts[setting.key], is_size ? "Pixels of the images: N, or WIDTHxHEIGHT" : setting.help)
        ->type_name(setting.choices.empty() ? (is_size ? "N|WxH" : "X") : absl::StrJoin(setting.choices, "|"));
  }
  command
      ->add_option("--stall-timeout", options->stall_timeout, "Give up a download that brings less than 1,000 bytes a second for so long")
      ->type_name("DURATION")
      ->capture_default_str();
  AddJobOptions(command, &options->job);
}

absl::StatusOr<std::vector<std::string>> ReadClassNames(const fs::path& file) {
  SB_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxClassesBytes));
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    std::string name(line);
    if (name.ends_with('\r')) name.pop_back();
    const bool is_new = seen.insert(name).second;
    if (!is_new && !name.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(file.string(), ":", names.size() + 1, ": there are two classes called '", name, "'"));
    }
    names.push_back(std::move(name));
  }
  if (names.back().empty()) names.pop_back();
  const auto empty = std::find(names.begin(), names.end(), "");
  if (empty == names.end() && !names.empty()) return names;
  return absl::InvalidArgumentError(absl::StrCat(file.string(), ":", empty - names.begin() + 1, ": a class's name is missing"));
}

absl::StatusOr<ExitCode> ImportWeights(Session& session, const WeightsSource& source, v1::ImportModelSpec spec,
                                       const ImportOptions& options) {
  SB_ASSIGN_OR_RETURN(const v1::Preprocessing given, GivenPreprocessing(options));
  spec.mutable_preprocessing()->MergeFrom(given);
  spec.set_with_top(options.with_top);
  spec.set_source(ShownLocation(source));
  if (!options.classes.empty()) {
    if (!options.with_top) return UsageError("--classes needs --with-top: only a top has classes");
    SB_ASSIGN_OR_RETURN(const std::vector<std::string> names, ReadClassNames(options.classes));
    spec.mutable_classes()->Assign(names.begin(), names.end());
  }
  v1::JobSpec job;
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &job));
  SB_ASSIGN_OR_RETURN(FetchOptions fetch, MakeFetchOptions(session, options));
  absl::StatusOr<std::string> sha256 = WeightsSender(session, source, std::move(fetch)).Send();
  session.console().ClearProgress();
  if (absl::IsCancelled(sha256.status())) return InterruptedError(session.CatchInterrupts().signal());
  SB_RETURN_IF_ERROR(sha256.status());
  spec.set_weights_sha256(*std::move(sha256));
  *job.mutable_import_model() = std::move(spec);
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, job, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  SB_RETURN_IF_ERROR(PrintImported(session, outcome.job.result().import_model(), outcome.job.spec().import_model().arch()));
  return kDone;
}

}  // namespace seedbed::cli
