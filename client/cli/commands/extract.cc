// seedbed extract
#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/features_view.h"
#include "client/cli/flag_values.h"
#include "client/cli/follow_job.h"
#include "client/cli/text_format.h"
#include "client/cli/train_settings.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

const std::map<std::string, v1::Pool> kPools{{"none", v1::POOL_NONE}, {"avg", v1::POOL_AVG}, {"max", v1::POOL_MAX}};
const std::map<std::string, v1::FeatureType> kTypes{
    {"float32", v1::FEATURE_TYPE_FLOAT32}, {"float16", v1::FEATURE_TYPE_FLOAT16}, {"bfloat16", v1::FEATURE_TYPE_BFLOAT16}};

struct ExtractOptions {
  std::string dataset;
  std::string split;
  std::string subset;
  std::string arch;
  std::string weights;
  std::string layer;
  std::string size;
  std::string pipeline;
  v1::Pool pool = v1::POOL_UNSPECIFIED;
  v1::FeatureType dtype = v1::FEATURE_TYPE_UNSPECIFIED;
  std::string name;
  int batch_size = 0;
  int threads = 0;
  JobOptions job;
};

absl::StatusOr<v1::JobSpec> MakeSpec(const ExtractOptions& options) {
  SB_ASSIGN_OR_RETURN(const Reference dataset, ParseReference(options.dataset));
  v1::JobSpec spec;
  v1::ExtractSpec* extract = spec.mutable_extract();
  extract->set_dataset(dataset.name);
  extract->set_dataset_version(dataset.version);
  extract->set_split(options.split);
  extract->set_subset(options.subset);
  extract->set_arch(options.arch);
  extract->set_model(options.weights);
  extract->set_layer(options.layer);
  extract->set_pool(options.pool);
  extract->set_dtype(options.dtype);
  extract->set_features(options.name);
  extract->set_batch_size(options.batch_size);
  extract->set_threads(options.threads);
  SB_ASSIGN_OR_RETURN(const ImageSize size, ParseSizeFlag(options.size));
  extract->set_width(size.width);
  extract->set_height(size.height);
  if (!options.pipeline.empty()) {
    const absl::StatusOr<Json> steps = ParseSettingValue(*FindTrainSetting("pipeline"), options.pipeline);
    if (!steps.ok()) return UsageError(absl::StrCat("--pipeline: ", steps.status().message()));
    const auto read = google::protobuf::util::JsonStringToMessage(ToLine(*steps), extract->mutable_pipeline());
    if (!read.ok()) return UsageError(absl::StrCat("--pipeline: ", read.ToString()));
  }
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  return spec;
}

absl::StatusOr<ExitCode> Extract(Session& session, const ExtractOptions& options) {
  SB_ASSIGN_OR_RETURN(const v1::JobSpec spec, MakeSpec(options));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  const v1::ExtractResult& result = outcome.job.result().extract();
  Console& console = session.console();
  if (console.json()) {
    SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
    SB_ASSIGN_OR_RETURN(const v1::GetFeaturesResponse response, client->GetFeatures(result.features()));
    console.PrintJson(FeaturesDocument(response));
    return kDone;
  }
  const std::string rate = result.images_per_second() > 0 ? absl::StrCat(FormatCount(std::llround(result.images_per_second())), " images/s")
                                                          : "all of them computed before";
  console.Print(absl::StrCat("features ", result.features(), ": ", FormatCountOf(result.rows(), "image"), " x ",
                             RowShapeText(result.shape()), ", ", FormatBytes(result.bytes()), ", ", rate, "\n"));
  console.Message(absl::StrCat("train on them: ", session.CommandLine("train --features " + result.features())));
  return kDone;
}

}  // namespace

void AddExtractCommand(CommandTree& tree) {
  const auto options = std::make_shared<ExtractOptions>();
  CLI::App* command = tree.AddCommand(
      &tree.root(), "extract", "Store what a layer of a network gives for each image",
      {"seedbed extract --dataset seedlings --weights effnet --pool avg --name seedlings-effnet",
       "seedbed extract --dataset seedlings --split default --subset train --arch vgg16 --weights vgg --layer block5_pool --name vgg-train",
       "seedbed train --features seedlings-effnet"},
      [options](Session& session) { return Extract(session, *options); });
  command->add_option("--dataset", options->dataset, "Dataset: NAME, or NAME:VERSION")->type_name("D")->required();
  CLI::Option* split = command->add_option("--split", options->split, "Split of the dataset; default: all its images")->type_name("S");
  command->add_option("--subset", options->subset, "Subset of the split; default: all of them")->type_name("NAME")->needs(split);
  command->add_option("--weights", options->weights, "Model that is run: NAME, or NAME:VERSION")->type_name("W")->required();
  command->add_option("--arch", options->arch, "Network that the model must be of; default: any")->type_name("A");
  command->add_option("--layer", options->layer, "Layer whose output is stored; default: the last one before the top")->type_name("L");
  command->add_option("--pool", options->pool, "What is made of the layer's height and width: none, avg or max; default none")
      ->transform(OneOf(kPools))
      ->type_name("POOL");
  command->add_option("--dtype", options->dtype, "How a value is stored: float32, float16 or bfloat16; default float32")
      ->transform(OneOf(kTypes))
      ->type_name("TYPE");
  command->add_option("--size", options->size, "Pixels the images are resized to: N, or WIDTHxHEIGHT; default: the model's")
      ->type_name("N|WxH");
  command
      ->add_option("--pipeline", options->pipeline,
                   "What is done to each picture at its size: remove_background, or a list of steps; default: the model's")
      ->type_name("STEPS");
  command->add_option("--name", options->name, "Name of the features: a-z, 0-9, '.', '_', '-'")->type_name("F")->required();
  command->add_option("--batch-size", options->batch_size, "Images at a time; default 32")->type_name("N");
  command->add_option("--threads", options->threads, "Compute threads; default: all the worker has")->type_name("N");
  AddJobOptions(command, &options->job);
}

}  // namespace seedbed::cli
