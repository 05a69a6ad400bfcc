// seedbed visualize filter|class
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/visualize_commands.h"
#include "client/cli/flag_values.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_files.h"
#include "client/cli/table.h"
#include "client/cli/text_format.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kDefaultLiveEvery = 20;

struct MaximizeOptions {
  bool of_classes = false;
  std::string model;
  std::string layer;
  std::vector<std::string> filters;  // "110,3,0-15"
  std::vector<std::string> classes;  // "maize,184"
  std::string score;
  std::string mode;
  int steps = 0;
  std::string step_size;
  std::string size;
  uint64_t seed = 0;
  int batch_size = 0;
  std::string live;
  int live_every = 0;
  std::string out;
  bool open = false;
  JobOptions job;
};

// "3" or "0-15", added in order, each number once.
absl::Status AddFilters(absl::string_view text, std::vector<int32_t>* filters) {
  constexpr size_t kMostFilters = 256;
  const std::vector<absl::string_view> ends = absl::StrSplit(text, absl::MaxSplits('-', 1));
  int32_t first = 0, last = 0;
  if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) || first < 0 || last < first) {
    return UsageError(absl::StrCat("--filters: '", text, "' is neither a number nor a range such as 0-15"));
  }
  for (int64_t filter = first; filter <= last; ++filter) {
    if (std::find(filters->begin(), filters->end(), filter) != filters->end()) continue;
    if (filters->size() == kMostFilters) return UsageError(absl::StrCat("--filters: more than ", kMostFilters, " filters"));
    filters->push_back(static_cast<int32_t>(filter));
  }
  return absl::OkStatus();
}

absl::Status SetTarget(const MaximizeOptions& options, v1::MaximizeSpec* spec) {
  std::vector<int32_t> filters;
  for (const std::string& list : options.filters) {
    for (const absl::string_view part : absl::StrSplit(list, ',', absl::SkipWhitespace())) SB_RETURN_IF_ERROR(AddFilters(part, &filters));
  }
  spec->set_layer(options.layer);
  spec->mutable_filters()->Assign(filters.begin(), filters.end());
  for (const std::string& list : options.classes) {
    for (const absl::string_view name : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
      spec->add_classes(std::string(absl::StripAsciiWhitespace(name)));
    }
  }
  if (!options.score.empty()) spec->set_score(options.score == "softmax" ? v1::CLASS_SCORE_KIND_SOFTMAX : v1::CLASS_SCORE_KIND_LOGIT);
  return absl::OkStatus();
}

absl::StatusOr<v1::JobSpec> MakeSpec(const MaximizeOptions& options) {
  v1::JobSpec spec;
  v1::MaximizeSpec* maximize = spec.mutable_maximize();
  maximize->set_model(options.model);
  SB_RETURN_IF_ERROR(SetTarget(options, maximize));
  if (!options.mode.empty()) {
    maximize->set_mode(options.mode == "reference" ? v1::MAXIMIZE_MODE_REFERENCE : v1::MAXIMIZE_MODE_NATURAL);
  }
  maximize->set_steps(options.steps);
  if (double step_size = 0; !options.step_size.empty()) {
    if (!absl::SimpleAtod(options.step_size, &step_size)) {
      return UsageError(absl::StrCat("--step-size: '", options.step_size, "' is no number"));
    }
    maximize->set_step_size(step_size);
  }
  SB_ASSIGN_OR_RETURN(const ImageSize size, ParseSizeFlag(options.size));
  maximize->set_width(size.width);
  maximize->set_height(size.height);
  maximize->set_seed(options.seed);
  maximize->set_batch_size(options.batch_size);
  if (!options.live.empty()) maximize->set_preview_every(options.live_every == 0 ? kDefaultLiveEvery : options.live_every);
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  return spec;
}

// Where the sheet and the single pictures lie.
struct Fetched {
  fs::path sheet;
  std::vector<fs::path> pictures;  // empty: they were not wanted
};

absl::StatusOr<Fetched> Fetch(Session& session, const v1::Job& job, const std::string& out) {
  const v1::MaximizeResult& result = job.result().maximize();
  Fetched fetched;
  const std::string folder = out.empty() ? "." : out;  // here
  SB_ASSIGN_OR_RETURN(fetched.sheet, FetchPictures(session, job, result.sheet().file(), folder));
  fetched.sheet = fetched.sheet.lexically_normal();
  if (!IsFolder(folder)) return fetched;
  for (const v1::MaximizedPicture& picture : result.pictures()) {
    fetched.pictures.push_back((fs::path(folder) / picture.file()).lexically_normal());
  }
  return fetched;
}

void Tell(Console& console, const v1::Job& job, const Fetched& fetched) {
  const v1::MaximizeResult& result = job.result().maximize();
  if (console.json()) {
    Json document = ToJson(result);
    document["job"] = job.id();
    document["file"] = fetched.sheet.string();
    document["files"] = Json::array();
    for (const fs::path& file : fetched.pictures) document["files"].push_back(file.string());
    return console.PrintJson(document);
  }
  const bool classes = job.spec().maximize().layer().empty();
  std::vector<Column> columns{{classes ? "CLASS" : "FILTER"}, {"AT FIRST", Align::kRight}, {"REACHED", Align::kRight}};
  if (classes) columns.push_back({"PROBABILITY", Align::kRight});
  Table table(std::move(columns));
  for (const v1::MaximizedPicture& picture : result.pictures()) {
    std::vector<std::string> row{picture.target(), absl::StrFormat("%.4g", picture.start_activation()),
                                 absl::StrFormat("%.4g", picture.activation())};
    if (classes) row.push_back(absl::StrFormat("%.4f", picture.probability()));
    table.AddRow(std::move(row));
  }
  console.Print(table.Render());
  const v1::PictureFile& sheet = result.sheet();
  console.Print(
      absl::StrCat(fetched.sheet.string(), ": ", sheet.width(), "x", sheet.height(), " pixels, ", FormatBytes(sheet.bytes()), "\n"));
}

// The last picture that is looked at is the finished one, even when the job was done before the first was sent.
void FinishLiveFile(const fs::path& sheet, const std::string& live, Console& console) {
  const absl::StatusOr<std::string> content = ReadFile(sheet);
  const absl::Status written = content.ok() ? PublishFile(live, *content) : content.status();
  if (!written.ok()) console.Warning(absl::StrCat("--live: ", written.message()));
}

// Before the job begins, so that it is not watched in vain.
absl::Status PrepareLiveFile(const std::string& live) {
  std::error_code error;
  if (fs::is_directory(live, error)) return UsageError(absl::StrCat("--live: ", live, " is a folder; give FILE.png"));
  const fs::path folder = fs::path(live).parent_path();
  const absl::Status made = CreateDirectories(folder.empty() ? "." : folder);
  return absl::Status(made.code(), absl::StrCat("--live: ", made.message()));
}

absl::StatusOr<ExitCode> Maximize(Session& session, const MaximizeOptions& options) {
  if (!options.job.detach) SB_RETURN_IF_ERROR(PrepareTarget(options.out));
  if (!options.live.empty()) SB_RETURN_IF_ERROR(PrepareLiveFile(options.live));
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, MakeSpec(options));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach, options.live));
  if (!outcome.finished) return outcome.exit_code;
  SB_ASSIGN_OR_RETURN(const Fetched fetched, Fetch(session, outcome.job, options.out));
  if (!options.live.empty()) FinishLiveFile(fetched.sheet, options.live, session.console());
  Tell(session.console(), outcome.job, fetched);
  if (options.open) ShowFile(session, fetched.sheet);
  return kDone;
}

void AddAscentOptions(CLI::App* command, MaximizeOptions* options) {
  command->add_option("--mode", options->mode, "natural (default) shows textures and objects; reference is the plain ascent")
      ->check(CLI::IsMember({"natural", "reference"}))
      ->type_name("MODE");
  command->add_option("--steps", options->steps, "Steps; default 512, reference 500")->check(NotZero())->type_name("N");
  command
      ->add_option("--step-size", options->step_size, "How far a step goes; default 0.05, reference 0.1 for filters and 0.01 for classes")
      ->check(NotZero())
      ->type_name("X");
  command->add_option("--size", options->size, "Pixels of the pictures: N, or WIDTHxHEIGHT; default: the model's")->type_name("SIZE");
  command->add_option("--seed", options->seed, "Decides where the ascent begins, and what is drawn on its way")->type_name("N");
  command->add_option("--batch-size", options->batch_size, "Pictures computed at a time; default 8")->check(NotZero())->type_name("N");
  command->add_option("--live", options->live, "A file to keep as the sheet is while it grows")->type_name("FILE");
  command->add_option("--live-every", options->live_every, "After how many steps; default 20")->check(NotZero())->type_name("N");
  command->add_option("--out", options->out, "Folder for the sheet and the single pictures, or FILE.png for the sheet alone; default: here")
      ->type_name("PATH");
  command->add_flag("--open", options->open, "Show the sheet, where there is a desktop");
  AddJobOptions(command, &options->job);
}

CLI::App* AddTarget(CommandTree& tree, CLI::App* noun, const char* name, const char* description, const std::vector<std::string>& examples,
                    const std::shared_ptr<MaximizeOptions>& options) {
  CLI::App* command = tree.AddCommand(
      noun, name, description, examples, [options](Session& session) -> absl::StatusOr<ExitCode> { return Maximize(session, *options); },
      ArgumentKind::kModel);
  command->add_option("model", options->model, "NAME or NAME:VERSION")->required()->type_name("MODEL");
  return command;
}

}  // namespace

void AddMaximizeCommands(CommandTree& tree, CLI::App* noun) {
  const auto filter = std::make_shared<MaximizeOptions>();
  CLI::App* command = AddTarget(tree, noun, "filter", "Pictures that excite filters of a layer",
                                {"seedbed visualize filter vgg16 --layer block5_conv1 --filters 110,3,0-15",
                                 "seedbed visualize filter vgg16 --layer block5_conv1 --filters 110 --mode reference --live live.png"},
                                filter);
  command->add_option("--layer", filter->layer, "Layer, by its name in 'seedbed model summary'")->required()->type_name("LAYER");
  command->add_option("--filters", filter->filters, "Its channels, from 0: numbers and ranges, such as 110,3,0-15")
      ->required()
      ->type_name("LIST")
      ->allow_extra_args(false);
  AddAscentOptions(command, filter.get());

  const auto classes = std::make_shared<MaximizeOptions>();
  command = AddTarget(tree, noun, "class", "Pictures that a network takes for its classes",
                      {"seedbed visualize class seedlings --classes Maize,Charlock --out pictures",
                       "seedbed visualize class efficientnet --classes 184 --score softmax --seed 3 --open"},
                      classes);
  command->add_option("--classes", classes->classes, "Names of classes, or their indices, such as Maize,184; may be repeated")
      ->required()
      ->type_name("LIST")
      ->allow_extra_args(false);
  command->add_option("--score", classes->score, "logit (default), or softmax: the probability, which also rises when other classes fall")
      ->check(CLI::IsMember({"logit", "softmax"}))
      ->type_name("SCORE");
  AddAscentOptions(command, classes.get());
}

}  // namespace seedbed::cli
