// seedbed model summary
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/keras_format.h"
#include "client/cli/train_settings.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

struct SummaryOptions {
  std::string model;
  std::map<std::string, std::string> settings;  // as flags of a training, by key
  int classes = 0;
  bool without_top = false;
};

// The network that the flags describe, which need not exist.
absl::StatusOr<v1::SummarizeNetworkRequest> MakeRequest(const SummaryOptions& options) {
  GivenSettings given;
  for (const auto& [key, text] : options.settings) {
    if (text.empty()) continue;
    const TrainSetting& setting = *FindTrainSetting(key);
    absl::StatusOr<Json> value = ParseSettingValue(setting, text);
    if (!value.ok()) return UsageError(absl::StrCat(FlagOf(setting), ": ", value.status().message()));
    given[key] = {*std::move(value), "flag"};
  }
  if (!given.contains("arch") && !given.contains("weights")) {
    return UsageError("what is to be summarized? Give the name of a model, --arch A or --weights W");
  }
  SB_ASSIGN_OR_RETURN(v1::JobSpec spec, BuildTrainJob(given));
  v1::SummarizeNetworkRequest request;
  *request.mutable_train() = std::move(*spec.mutable_train());
  request.set_classes(options.classes);
  request.set_without_top(options.without_top);
  return request;
}

absl::StatusOr<v1::SummarizeNetworkResponse> Summarize(Session& session, const SummaryOptions& options) {
  if (options.model.empty()) {
    SB_ASSIGN_OR_RETURN(const v1::SummarizeNetworkRequest request, MakeRequest(options));
    SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
    return client->SummarizeNetwork(request);
  }
  SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(options.model));
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(v1::Model model, client->GetModel(reference.name, reference.version));
  v1::SummarizeNetworkResponse summary;
  *summary.mutable_layers() = std::move(*model.mutable_layers());
  summary.set_parameters(model.parameters());
  summary.set_trainable_parameters(model.trainable_parameters());
  return summary;
}

absl::StatusOr<ExitCode> ShowSummary(Session& session, const SummaryOptions& options) {
  SB_ASSIGN_OR_RETURN(const v1::SummarizeNetworkResponse summary, Summarize(session, options));
  if (session.console().json()) {
    Json document = ListDocument("layers", summary.layers());
    document["parameters"] = summary.parameters();
    document["trainable_parameters"] = summary.trainable_parameters();
    session.console().PrintJson(document);
  } else {
    session.console().Print(KerasSummary(summary.layers(), {summary.parameters(), summary.trainable_parameters()}));
  }
  return kDone;
}

}  // namespace

void AddModelSummaryCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<SummaryOptions>();
  CLI::App* command = tree.AddCommand(
      noun, "summary", "Print the table of layers, as Keras does, of a model or of any network",
      {"seedbed model summary baseline", "seedbed model summary baseline:2",
       "seedbed model summary --arch vgg16 --size 150 --classes 12 --without-top",
       "seedbed model summary --weights vgg --head '[flatten, dense: classes]' --classes 12    # frozen, with a new head"},
      [options](Session& session) { return ShowSummary(session, *options); }, ArgumentKind::kModel);
  CLI::Option* model = command->add_option("MODEL", options->model, "Name, or NAME:VERSION");
  const std::pair<const char*, const char*> flags[] = {{"arch", "Network: logistic, vgg16, efficientnet_lite0, resnet18, resnet50"},
                                                       {"size", "Pixels of its images: N, or WIDTHxHEIGHT; default: the network's"},
                                                       {"weights", "Model whose layers come first, below a new head"},
                                                       {"head", "Layers that follow, as in training"},
                                                       {"trainable", "What would be trained, as in training"}};
  for (const auto& [key, help] : flags) {
    const TrainSetting& setting = *FindTrainSetting(key);
    command->add_option(FlagOf(setting), options->settings[key], help)->type_name(TypeName(setting))->excludes(model);
  }
  command->add_option("--classes", options->classes, "Classes; default 1000")->type_name("K")->check(CLI::PositiveNumber)->excludes(model);
  command->add_flag("--without-top", options->without_top, "With --arch: end before the layers that make classes out of features")
      ->excludes(model)
      ->excludes(command->get_option("--weights"))
      ->excludes(command->get_option("--head"));
}

}  // namespace seedbed::cli
