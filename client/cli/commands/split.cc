// seedbed split
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/flag_values.h"
#include "client/cli/follow_job.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

const std::map<std::string, v1::MaterializeMode> kModes{
    {"copy", v1::MATERIALIZE_MODE_COPY}, {"link", v1::MATERIALIZE_MODE_LINK}, {"move", v1::MATERIALIZE_MODE_MOVE}};

struct SplitOptions {
  std::string dataset;
  int per_class = 0;
  double fraction = 0;
  bool from_folders = false;
  int test_per_class = 0;
  double test_fraction = 0;
  uint64_t seed = 0;
  bool in_order = false;
  std::string name;
  std::string group_by;
  bool group_near = false;
  std::string materialize_dir;
  v1::MaterializeMode mode = v1::MATERIALIZE_MODE_COPY;
  JobOptions job;
};

absl::StatusOr<v1::JobSpec> MakeSpec(const SplitOptions& options) {
  SB_ASSIGN_OR_RETURN(const Reference dataset, ParseReference(options.dataset));
  v1::JobSpec spec;
  v1::SplitSpec* split = spec.mutable_split();
  split->set_dataset(dataset.name);
  split->set_dataset_version(dataset.version);
  split->set_name(options.name);
  if (options.from_folders) {
    split->set_from_folders(true);
  } else if (options.fraction != 0) {
    split->set_fraction(options.fraction);
  } else {
    split->set_per_class(options.per_class);
  }
  split->set_test_per_class(options.test_per_class);
  split->set_test_fraction(options.test_fraction);
  split->set_seed(options.seed);
  split->set_in_order(options.in_order);
  split->set_group_by(options.group_by);
  split->set_group_near(options.group_near);
  if (!options.materialize_dir.empty()) {
    split->set_materialize_dir(ServerPath(options.materialize_dir));
    split->set_materialize_mode(options.mode);
  }
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  return spec;
}

absl::Status PrintSplit(Session& session, const v1::Split& split) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const v1::GetDatasetResponse response, client->GetDataset(split.dataset(), split.dataset_version()));
  std::vector<std::string> classes;
  for (const v1::ClassCount& count : response.dataset().classes()) classes.push_back(count.name());
  std::vector<SubsetCounts> subsets;
  for (const v1::Subset& subset : split.subsets()) {
    subsets.push_back({subset.name(), subset.images(), {subset.per_class().begin(), subset.per_class().end()}});
  }
  session.console().Print(
      absl::StrCat("split ", split.name(), " of ", split.dataset(), ":", split.dataset_version(), " (", split.rule(), ")\n"));
  session.console().Print(RenderSplitTable(classes, subsets));
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> MakeSplit(Session& session, const SplitOptions& options) {
  if (options.per_class == 0 && options.fraction == 0 && !options.from_folders) {
    return UsageError("how is the dataset to be divided? Give --per-class N, --fraction F or --from-folders");
  }
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, MakeSpec(options));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  const v1::SplitResult& result = outcome.job.result().split();
  SB_ASSIGN_OR_RETURN(const v1::Split split, client->GetSplit(result.dataset(), result.split()));
  if (session.console().json()) {
    session.console().PrintJson(ToJson(split));
  } else {
    SB_RETURN_IF_ERROR(PrintSplit(session, split));
  }
  return kDone;
}

}  // namespace

void AddSplitCommand(CommandTree& tree) {
  const auto options = std::make_shared<SplitOptions>();
  CLI::App* command = tree.AddCommand(
      &tree.root(), "split", "Divide a dataset into train, validation and test",
      {"seedbed split seedlings --per-class 12", "seedbed split seedlings --fraction 0.1 --test-fraction 0.1 --seed 7 --name holdout",
       "seedbed split drivers --fraction 0.2 --group-by '(p[0-9]+)_'     # a group stays on one side",
       "seedbed split photos --from-folders                             # photos/train, photos/validation",
       "seedbed split seedlings --per-class 12 --materialize /data/split --mode link"},
      [options](Session& session) { return MakeSplit(session, *options); }, ArgumentKind::kDataset);
  command->add_option("DATASET", options->dataset, "Name, or NAME:VERSION")->required();
  CLI::Option* per_class = command->add_option("--per-class", options->per_class, "Images of each class for validation")->type_name("N");
  CLI::Option* fraction = command->add_option("--fraction", options->fraction, "Share of each class for validation")->type_name("F");
  CLI::Option* from_folders = command->add_flag("--from-folders", options->from_folders, "Take train/validation/test folders as they are");
  per_class->excludes(fraction)->excludes(from_folders);
  fraction->excludes(from_folders);
  command->add_option("--test-per-class", options->test_per_class, "Images of each class for test")->type_name("N")->needs(per_class);
  command->add_option("--test-fraction", options->test_fraction, "Share of each class for test")->type_name("F")->needs(fraction);
  CLI::Option* seed = command->add_option("--seed", options->seed, "Decides which images go where")->type_name("N");
  command
      ->add_flag("--in-order", options->in_order,
                 "Take the first images of each class by path, shares rounded down: Keras's validation_split")
      ->excludes(from_folders)
      ->excludes(seed);
  command->add_option("--name", options->name, "Name of the split; default: \"default\"")->type_name("S");
  command->add_option("--group-by", options->group_by, "Regular expression; its first capture on the path names the image's group")
      ->type_name("PATTERN");
  command->add_flag("--group-near", options->group_near, "Keep images that look alike on one side");
  CLI::Option* directory =
      command->add_option("--materialize", options->materialize_dir, "Lay the images out as DIR/<subset>/<class>/<file>")->type_name("DIR");
  command->add_option("--mode", options->mode, "copy, link (hard links) or move")
      ->transform(OneOf(kModes))
      ->type_name("MODE")
      ->needs(directory);
  AddJobOptions(command, &options->job);
}

}  // namespace seedbed::cli
