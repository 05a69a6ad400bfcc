// seedbed visualize map|neighbours
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/visualize_commands.h"
#include "client/cli/flag_values.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_files.h"
#include "client/cli/send_images.h"
#include "client/cli/table.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, v1::FeatureMap::Projection> kProjections{{"tsne", v1::FeatureMap::PROJECTION_TSNE},
                                                                     {"pca", v1::FeatureMap::PROJECTION_PCA}};
const std::map<std::string, v1::Neighbours::Distance> kDistances{{"cosine", v1::Neighbours::DISTANCE_COSINE},
                                                                 {"euclidean", v1::Neighbours::DISTANCE_EUCLIDEAN}};

// Of both commands; `spec` has the view that one of them has.
struct ExploreOptions {
  v1::ExploreSpec spec;
  std::vector<std::string> images;  // neighbours only
  std::string out;
  bool open = false;
  JobOptions job;
};

// A file of this machine is sent; everything else is taken for a path of the feature set. A file that is in the set needs no such choice:
// the server knows it by its content.
absl::Status AddImages(Session& session, const std::vector<std::string>& images, v1::Neighbours* neighbours) {
  std::vector<std::string> files;
  for (const std::string& image : images) {
    std::error_code error;
    if (fs::is_regular_file(image, error)) {
      files.push_back(image);
    } else if (!absl::StrContains(image, '/')) {  // paths in a dataset have a class in front
      return absl::NotFoundError(absl::StrCat("there is no file ", image, "; images of the set are named by class and file: CLASS/FILE"));
    } else {
      neighbours->add_images(image);
    }
  }
  if (files.empty()) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const std::vector<v1::UploadedImage> uploads, SendImages(session, files));
  neighbours->mutable_uploads()->Assign(uploads.begin(), uploads.end());
  return absl::OkStatus();
}

absl::StatusOr<v1::JobSpec> MakeSpec(Session& session, const ExploreOptions& options) {
  v1::JobSpec spec;
  *spec.mutable_explore() = options.spec;
  if (options.spec.has_neighbours()) {
    SB_RETURN_IF_ERROR(AddImages(session, options.images, spec.mutable_explore()->mutable_neighbours()));
  }
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  return spec;
}

void PrintNeighbours(Console& console, const v1::ExploreResult& result) {
  Table table({{"IMAGE"}, {"RANK", Align::kRight}, {"NEIGHBOUR"}, {"CLASS"}, {"DISTANCE", Align::kRight}});
  for (const v1::NeighboursOf& of : result.neighbours()) {
    for (int i = 0; i < of.neighbours_size(); ++i) {
      const v1::Neighbour& one = of.neighbours(i);
      table.AddRow({i == 0 ? of.name() : "", absl::StrCat(i + 1), one.path(), one.class_name(), absl::StrFormat("%.4g", one.distance())});
    }
  }
  console.Print(table);
}

void Tell(Console& console, const v1::Job& job, const fs::path& sheet) {
  const v1::ExploreResult& result = job.result().explore();
  if (console.json()) {
    Json document = {{"file", sheet.string()}, {"job", job.id()}};
    document.update(ToJson(result));
    console.PrintJson(document);
    return;
  }
  std::string what = FormatCountOf(result.images(), "image");
  if (result.neighbours_size() > 0) {
    PrintNeighbours(console, result);
    what = absl::StrCat("neighbours of ", FormatCountOf(result.neighbours_size(), "image"), " among ", result.images());
  }
  console.Print(absl::StrCat(PictureLine(sheet, what, result.sheet()), "\n"));
}

absl::StatusOr<ExitCode> Explore(Session& session, const ExploreOptions& options) {
  if (!options.job.detach) SB_RETURN_IF_ERROR(PrepareTarget(options.out));
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, MakeSpec(session, options));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  SB_ASSIGN_OR_RETURN(const fs::path sheet,
                      FetchPictures(session, outcome.job, outcome.job.result().explore().sheet().file(), options.out));
  Tell(session.console(), outcome.job, sheet);
  if (options.open) ShowFile(session, sheet);
  return kDone;
}

CLI::App* AddView(CommandTree& tree, CLI::App* noun, const char* name, const char* description, const std::vector<std::string>& examples,
                  const std::shared_ptr<ExploreOptions>& options) {
  CLI::App* command =
      tree.AddCommand(noun, name, description, examples, [options](Session& session) { return Explore(session, *options); });
  command
      ->add_option_function<std::string>(
          "--features", [options](const std::string& features) { options->spec.set_features(features); }, "Name of the features")
      ->required()
      ->type_name("NAME");
  command->add_option("--out", options->out, "Where the picture goes: FILE.png, or a folder for it and its CSV; default: this folder")
      ->type_name("FILE|FOLDER");
  command->add_flag("--open", options->open, "Show the picture, where there is a desktop");
  AddJobOptions(command, &options->job);
  return command;
}

void AddMap(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ExploreOptions>();
  v1::FeatureMap* map = options->spec.mutable_map();
  CLI::App* command = AddView(tree, noun, "map", "Features as a map: images that are alike to the network lie near to each other",
                              {"seedbed visualize map --features seedlings-effnet --open",
                               "seedbed visualize map --features seedlings-effnet --pictures --perplexity 15 --out map   # PNG and CSV",
                               "seedbed visualize map --features seedlings-effnet --projection pca"},
                              options);
  command
      ->add_option_function<v1::FeatureMap::Projection>(
          "--projection", [map](const v1::FeatureMap::Projection& projection) { map->set_projection(projection); },
          "tsne: neighbours stay neighbours; pca: the two directions in which features vary most; default tsne")
      ->transform(OneOf(kProjections))
      ->type_name("tsne|pca");
  command
      ->add_option_function<double>(
          "--perplexity", [map](const double& perplexity) { map->set_perplexity(perplexity); },
          "tsne: how many neighbours count, from 2 to a third of the images; default 30, or what fits")
      ->check(NotZero())
      ->type_name("X");
  command
      ->add_option_function<int>(
          "--iterations", [map](const int& iterations) { map->set_iterations(iterations); }, "tsne: steps, at least 250; default 1000")
      ->check(NotZero())
      ->type_name("N");
  command
      ->add_option_function<uint64_t>(
          "--seed", [map](const uint64_t& seed) { map->set_seed(seed); }, "tsne: another seed gives another map; default 0")
      ->type_name("N");
  command->add_flag_callback(
      "--pictures", [map] { map->set_pictures(true); }, "Show images instead of dots, where they have room");
}

void AddNeighbours(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ExploreOptions>();
  v1::Neighbours* neighbours = options->spec.mutable_neighbours();
  CLI::App* command = AddView(tree, noun, "neighbours", "The images of a feature set that are most alike to some, to the network",
                              {"seedbed visualize neighbours --features seedlings-effnet Maize/7.png Charlock/12.png",
                               "seedbed visualize neighbours --features seedlings-effnet photo.jpg --count 20 --distance euclidean --open"},
                              options);
  command->add_option("IMAGE", options->images, "Image files of this machine, or paths of images of the set: CLASS/FILE")->required();
  command
      ->add_option_function<int>(
          "--count", [neighbours](const int& count) { neighbours->set_count(count); }, "How many neighbours of each image; default 8")
      ->check(NotZero())
      ->type_name("N");
  command
      ->add_option_function<v1::Neighbours::Distance>(
          "--distance", [neighbours](const v1::Neighbours::Distance& distance) { neighbours->set_distance(distance); },
          "cosine: 1 - cosine of the angle between features; euclidean: length of their difference; default cosine")
      ->transform(OneOf(kDistances))
      ->type_name("cosine|euclidean");
}

}  // namespace

void AddExploreCommands(CommandTree& tree, CLI::App* noun) {
  AddMap(tree, noun);
  AddNeighbours(tree, noun);
}

}  // namespace seedbed::cli
