// seedbed visualize explain|activations
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/visualize_commands.h"
#include "client/cli/flag_values.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_files.h"
#include "client/cli/send_images.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, v1::Attribution::Method> kMethods{{"saliency", v1::Attribution::METHOD_SALIENCY},
                                                              {"smoothgrad", v1::Attribution::METHOD_SMOOTHGRAD},
                                                              {"integrated_gradients", v1::Attribution::METHOD_INTEGRATED_GRADIENTS},
                                                              {"gradcam", v1::Attribution::METHOD_GRADCAM},
                                                              {"occlusion", v1::Attribution::METHOD_OCCLUSION}};

// Of both commands; `view` has what only one has.
struct ExplainOptions {
  std::string model;
  std::vector<std::string> images;
  std::string dataset;
  v1::ExplainSpec view;
  std::string channels;
  std::string out;
  bool open = false;
  JobOptions job;
};

absl::StatusOr<v1::JobSpec> MakeSpec(Session& session, const ExplainOptions& options) {
  v1::JobSpec spec;
  v1::ExplainSpec& explain = *spec.mutable_explain();
  explain = options.view;
  explain.set_model(options.model);
  if (!options.channels.empty()) {
    SB_ASSIGN_OR_RETURN(const std::vector<int> channels, ParseIndices("--channels", options.channels));
    explain.mutable_activations()->mutable_channels()->Assign(channels.begin(), channels.end());
  }
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  if (options.dataset.empty()) {
    SB_ASSIGN_OR_RETURN(const std::vector<v1::UploadedImage> uploads, SendImages(session, options.images));
    explain.mutable_uploads()->Assign(uploads.begin(), uploads.end());
    return spec;
  }
  SB_ASSIGN_OR_RETURN(const Reference dataset, ParseReference(options.dataset));
  explain.set_dataset(dataset.name);
  explain.set_dataset_version(dataset.version);
  explain.mutable_images()->Assign(options.images.begin(), options.images.end());
  return spec;
}

// How many sheets the job has drawn: activations one for each image, maps one for some images, which is no file of theirs.
absl::StatusOr<int> CountSheets(client::Client& client, const v1::Job& job) {
  const v1::ExplainResult& result = job.result().explain();
  std::set<std::string> files;
  for (const v1::ExplainedImage& image : result.images()) files.insert(image.files().begin(), image.files().end());
  if (files.contains(result.sheet().file())) return result.images_size();
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client.ListArtifacts(job.id()));
  return std::max(1, static_cast<int>(artifacts.size() - std::min(files.size(), artifacts.size())));
}

void Tell(Console& console, const v1::Job& job, const fs::path& sheet, int sheets, bool all_fetched) {
  const v1::ExplainResult& result = job.result().explain();
  if (console.json()) {
    Json document = {{"file", sheet.string()}, {"job", job.id()}};
    document.update(ToJson(result));
    console.PrintJson(document);
    return;
  }
  Table table({{"IMAGE"}, {"CLASS"}, {"PROBABILITY", Align::kRight}});
  for (const v1::ExplainedImage& image : result.images()) {
    const bool has_class = !image.class_name().empty();
    table.AddRow({image.name(), has_class ? image.class_name() : "-", has_class ? absl::StrFormat("%.4f", image.probability()) : "-"});
  }
  console.Print(table);
  const std::string what = sheets == 1 ? FormatCountOf(result.images_size(), "image") : absl::StrCat("the first of ", sheets, " sheets");
  console.Print(absl::StrCat(PictureLine(sheet, what, result.sheet()), "\n"));
  if (sheets > 1 && !all_fetched) console.Message("--out FOLDER fetches all sheets, and the other files");
}

absl::StatusOr<ExitCode> Explain(Session& session, const ExplainOptions& options) {
  if (!options.job.detach) SB_RETURN_IF_ERROR(PrepareTarget(options.out));
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, MakeSpec(session, options));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const fs::path sheet,
                      FetchPictures(session, outcome.job, outcome.job.result().explain().sheet().file(), options.out));
  SB_ASSIGN_OR_RETURN(const int sheets, CountSheets(*client, outcome.job));
  Tell(session.console(), outcome.job, sheet, sheets, !options.out.empty() && IsFolder(options.out));
  if (options.open) ShowFile(session, sheet);
  return kDone;
}

CLI::App* AddView(CommandTree& tree, CLI::App* noun, const char* name, const char* description, const std::vector<std::string>& examples,
                  const std::shared_ptr<ExplainOptions>& options) {
  CLI::App* command = tree.AddCommand(
      noun, name, description, examples, [options](Session& session) { return Explain(session, *options); }, ArgumentKind::kModel);
  command->add_option("MODEL", options->model, "Model: NAME, or NAME:VERSION")->required();
  command->add_option("IMAGE", options->images, "Image files; with --dataset, paths in it: CLASS/FILE")->required();
  command->add_option("--dataset", options->dataset, "Dataset that the images are of: NAME, or NAME:VERSION")->type_name("D");
  command->add_option("--out", options->out, "Where the sheet goes: FILE.png, or a folder for all files of the job; default: this folder")
      ->type_name("FILE|FOLDER");
  command->add_flag("--open", options->open, "Show the sheet, where there is a desktop");
  AddJobOptions(command, &options->job);
  return command;
}

template <typename T, typename Set>
CLI::Option* AddField(CLI::App* command, const char* flag, const char* help, Set set) {
  CLI::Option* option = command->add_option_function<T>(
      flag, [set](const T& value) { set(value); }, help);
  if constexpr (std::is_same_v<T, int>) option->check(NotZero());
  return option;
}

void AddExplain(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ExplainOptions>();
  v1::Attribution* attribution = options->view.mutable_attribution();
  CLI::App* command = AddView(tree, noun, "explain", "Which pixels of an image speak for a class",
                              {"seedbed visualize explain flowers photo.jpg                          # for the most probable class",
                               "seedbed visualize explain flowers photo.jpg --method occlusion --class Maize --out maps",
                               "seedbed visualize explain flowers Maize/7.png Wheat/3.png --dataset seedlings --method gradcam --open"},
                              options);
  AddField<v1::Attribution::Method>(command, "--method",
                                    "saliency, smoothgrad, integrated_gradients, gradcam or occlusion; default: gradcam where the model "
                                    "has layers with height and width, else saliency",
                                    [attribution](v1::Attribution::Method method) { attribution->set_method(method); })
      ->transform(OneOf(kMethods))
      ->type_name("METHOD");
  AddField<std::string>(command, "--class", "Class to explain, by name or index; default: each image's most probable one",
                        [attribution](const std::string& name) { attribution->set_class_name(name); })
      ->type_name("C");
  AddField<std::string>(command, "--layer", "gradcam: layer with height and width; default: the last one",
                        [attribution](const std::string& layer) { attribution->set_layer(layer); })
      ->type_name("L");
  AddField<int>(command, "--samples", "smoothgrad: noisy copies; default 50", [attribution](int n) {
    attribution->set_samples(n);
  })->type_name("N");
  AddField<double>(command, "--noise", "smoothgrad: standard deviation, as a share of the input's range; default 0.15",
                   [attribution](double noise) { attribution->set_noise(noise); })
      ->type_name("X");
  AddField<uint64_t>(command, "--seed", "smoothgrad: decides the noise; default 0", [attribution](uint64_t seed) {
    attribution->set_seed(seed);
  })->type_name("N");
  AddField<int>(command, "--steps", "integrated_gradients: steps from a black picture; default 50", [attribution](int n) {
    attribution->set_steps(n);
  })->type_name("N");
  AddField<int>(command, "--window", "occlusion: side of the window in pixels; default: an eighth of the shorter side",
                [attribution](int n) { attribution->set_window(n); })
      ->type_name("N");
  AddField<int>(command, "--stride", "occlusion: pixels from one window to the next; default: half of the window", [attribution](int n) {
    attribution->set_stride(n);
  })->type_name("N");
}

void AddActivations(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ExplainOptions>();
  v1::ActivationSheet* sheet = options->view.mutable_activations();
  CLI::App* command =
      AddView(tree, noun, "activations", "What the channels of a layer make of an image",
              {"seedbed visualize activations flowers photo.jpg                      # the last layer with height and width",
               "seedbed visualize activations flowers Maize/7.png --dataset seedlings --layer block1_conv1 --channels 0-15"},
              options);
  AddField<std::string>(command, "--layer", "Layer with height and width; default: the last one", [sheet](const std::string& layer) {
    sheet->set_layer(layer);
  })->type_name("L");
  command->add_option("--channels", options->channels, "Channels to show, such as 0-15,110; default: the first ones")->type_name("LIST");
  AddField<int>(command, "--count", "How many channels are shown, from the first on; default 64", [sheet](int n) {
    sheet->set_count(n);
  })->type_name("N");
}

}  // namespace

void AddExplainCommands(CommandTree& tree, CLI::App* noun) {
  AddExplain(tree, noun);
  AddActivations(tree, noun);
}

}  // namespace seedbed::cli
