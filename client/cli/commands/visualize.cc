// seedbed visualize samples|augment|background, and the noun of the others
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/visualize_commands.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_files.h"
#include "client/cli/recipe.h"
#include "client/cli/text_format.h"
#include "client/cli/train_settings.h"
#include "client/cli/yaml_json.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

struct VisualizeOptions {
  v1::View view = v1::VIEW_UNSPECIFIED;
  std::string recipe;
  std::map<std::string, std::string> texts;  // flags that are settings of a training, by key; only those that were given
  std::string subset;
  std::vector<std::string> images;
  int count = 0;
  bool has_count = false;
  int variants = 0;
  bool has_variants = false;
  bool steps = false;
  bool suggest = false;
  std::string out;
  bool open = false;
  JobOptions job;
};

// What a training with these settings does to its pictures.
void TakeFromTraining(const v1::TrainSpec& train, v1::VisualizeSpec* spec) {
  spec->set_dataset(train.dataset());
  spec->set_dataset_version(train.dataset_version());
  spec->set_split(train.split());
  spec->set_seed(train.seed());
  spec->set_arch(train.arch());
  const v1::Preprocessing& preprocessing = train.preprocessing();
  spec->set_width(preprocessing.width());
  spec->set_height(preprocessing.height());
  spec->set_interpolation(preprocessing.interpolation());
  if (preprocessing.has_pipeline()) *spec->mutable_pipeline() = preprocessing.pipeline();
  if (train.has_augment() && spec->view() == v1::VIEW_AUGMENT) *spec->mutable_augment() = train.augment();
}

absl::StatusOr<v1::JobSpec> MakeSpec(const VisualizeOptions& options) {
  SB_ASSIGN_OR_RETURN(const GivenSettings given, RecipeAndFlags(options.recipe, options.texts));
  if (!given.contains("dataset")) return UsageError("which images? Give --dataset NAME, or a recipe (-f) that names one");
  SB_ASSIGN_OR_RETURN(const v1::JobSpec training, BuildTrainJob(given));
  v1::JobSpec spec;
  v1::VisualizeSpec* visualize = spec.mutable_visualize();
  visualize->set_view(options.view);
  TakeFromTraining(training.train(), visualize);
  visualize->set_subset(options.subset);
  visualize->mutable_images()->Assign(options.images.begin(), options.images.end());
  if (options.has_count) visualize->set_count(options.count);
  if (options.has_variants) visualize->set_variants(options.variants);
  visualize->set_steps(options.steps);
  visualize->set_suggest(options.suggest);
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  return spec;
}

// The proposed step as a recipe has it.
absl::StatusOr<std::string> SuggestionText(const std::string& suggestion) {
  const Json step = Json::parse(suggestion, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!step.is_object() || step.size() != 1) return absl::DataLossError("the proposed step is damaged");
  std::string text = absl::StrCat("pipeline:\n  - ", step.begin().key(), ":\n");
  for (const auto& [name, value] : step.begin().value().items()) absl::StrAppend(&text, "      ", name, ": ", ToFlowYaml(value), "\n");
  return text;
}

absl::Status Tell(Console& console, const v1::Job& job, const fs::path& target) {
  const v1::VisualizeResult& sheet = job.result().visualize();
  if (console.json()) {
    Json document = {{"file", target.string()}, {"job", job.id()}};
    document.update(ToJson(sheet));
    document["file"] = target.string();
    console.PrintJson(document);
    return absl::OkStatus();
  }
  console.Print(absl::StrCat(target.string(), ": ", FormatCountOf(sheet.images(), "image"), ", ", sheet.width(), "x", sheet.height(),
                             " pixels, ", FormatBytes(sheet.bytes()), "\n"));
  if (sheet.suggestion().empty()) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const std::string text, SuggestionText(sheet.suggestion()));
  console.Print(text);
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Visualize(Session& session, const VisualizeOptions& options) {
  if (!options.job.detach) SB_RETURN_IF_ERROR(PrepareTarget(options.out));
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, MakeSpec(options));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  SB_ASSIGN_OR_RETURN(const fs::path target, FetchPictures(session, outcome.job, outcome.job.result().visualize().file(), options.out));
  SB_RETURN_IF_ERROR(Tell(session.console(), outcome.job, target));
  if (options.open) ShowFile(session, target);
  return kDone;
}

void AddSetting(CLI::App* command, const char* key, const std::string& help, VisualizeOptions* options) {
  const TrainSetting& setting = *FindTrainSetting(key);
  command->add_option(FlagOf(setting), options->texts[key], help)->type_name(TypeName(setting));
}

CLI::App* AddView(CommandTree& tree, CLI::App* noun, const char* name, const char* description, v1::View view,
                  const std::vector<std::string>& examples, const std::shared_ptr<VisualizeOptions>& options) {
  options->view = view;
  CLI::App* command = tree.AddCommand(noun, name, description, examples,
                                      [options](Session& session) -> absl::StatusOr<ExitCode> { return Visualize(session, *options); });
  VisualizeOptions* const to = options.get();
  AddSetting(command, "dataset", "Dataset: NAME, or NAME:VERSION; default: the recipe's", to);
  command->add_option("-f,--file", options->recipe, "Recipe of a training: what it does to pictures, and its seed")->type_name("RECIPE");
  AddSetting(command, "split", "Split to choose images from; default: the recipe's, else all images", to);
  command->add_option("--subset", options->subset, "Subset of the split; default: all of them")->type_name("NAME");
  command->add_option("--image", options->images, "An image to show, by its path in the dataset, CLASS/FILE; may be repeated")
      ->type_name("PATH")
      ->allow_extra_args(false);
  const char* count_help = view == v1::VIEW_SAMPLES   ? "How many images of each class are chosen; default 6"
                           : view == v1::VIEW_AUGMENT ? "How many images are chosen; default 4"
                                                      : "How many images are chosen; default 6";
  command
      ->add_option_function<int>(
          "--count",
          [to](const int& count) {
            to->count = count;
            to->has_count = true;
          },
          count_help)
      ->type_name("N");
  AddSetting(command, "seed", "Decides which images are chosen, and what is drawn: the training's", to);
  AddSetting(command, "size", "Pixels the images are resized to: N, or WIDTHxHEIGHT; default: the network's, 150 for logistic", to);
  AddSetting(command, "arch", "Network whose size is meant; default: the recipe's, else logistic", to);
  AddSetting(command, "interpolation", "How images are resized; default bilinear", to);
  AddSetting(command, "pipeline", "What is done to each picture at its size: remove_background, or a list of steps", to);
  command->add_option("--out", options->out, "File or folder for the sheet; default: DATASET-VIEW.png in this folder")->type_name("FILE");
  command->add_flag("--open", options->open, "Show the sheet, where there is a desktop");
  AddJobOptions(command, &options->job);
  return command;
}

}  // namespace

void AddVisualizeCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("visualize", "Look at pictures of a dataset, and at what a network sees in them and responds to");
  AddView(tree, noun, "samples", "Images of each class, as a network sees them", v1::VIEW_SAMPLES,
          {"seedbed visualize samples --dataset seedlings --out seedlings.png",
           "seedbed visualize samples --dataset seedlings --split default --subset validation --count 10 --open"},
          std::make_shared<VisualizeOptions>());
  const auto augment = std::make_shared<VisualizeOptions>();
  CLI::App* command = AddView(tree, noun, "augment", "Images beside what augmentation makes of them, epoch by epoch", v1::VIEW_AUGMENT,
                              {"seedbed visualize augment --dataset seedlings --augment light",
                               "seedbed visualize augment -f recipe.yaml --variants 8        # the very pictures that this training sees",
                               "seedbed visualize augment -f recipe.yaml --image Maize/7.png --steps --out steps.png"},
                              augment);
  AddSetting(command, "augment", "What is done to training pictures: light, or a list: '[fliplr: 0.5, multiply: [0.8, 1.2]]'",
             augment.get());
  command
      ->add_option_function<int>(
          "--variants",
          [augment](const int& variants) {
            augment->variants = variants;
            augment->has_variants = true;
          },
          "Pictures of how many epochs, from the first on; default 6, with --steps 1")
      ->type_name("N");
  command->add_flag("--steps", augment->steps, "Show the picture after each step");
  const auto background = std::make_shared<VisualizeOptions>();
  command = AddView(tree, noun, "background", "Images beside their mask and what is left without their background", v1::VIEW_BACKGROUND,
                    {"seedbed visualize background --dataset seedlings                  # with the seedlings' colours",
                     "seedbed visualize background --dataset photos --pipeline '[remove_background: {method: excess_green}]'",
                     "seedbed visualize background --dataset photos --suggest            # proposes colours for a recipe"},
                    background);
  command->add_flag("--suggest", background->suggest, "Propose colours and thresholds from the images, and show what they do");
  AddExplainCommands(tree, noun);
  AddExploreCommands(tree, noun);
  AddMaximizeCommands(tree, noun);
}

}  // namespace seedbed::cli
