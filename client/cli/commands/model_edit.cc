// seedbed model pop|cut
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/follow_job.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

struct EditOptions {
  std::string model;
  std::string output;
  int count = 1;      // pop
  std::string layer;  // cut
  JobOptions job;
};

absl::StatusOr<ExitCode> RunEdit(Session& session, v1::JobSpec spec, const EditOptions& options) {
  spec.mutable_edit_model()->set_model(options.model);
  spec.mutable_edit_model()->set_output(options.output);
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  const v1::EditModelResult& result = outcome.job.result().edit_model();
  if (session.console().json()) {
    SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
    SB_ASSIGN_OR_RETURN(const v1::Model model, client->GetModel(result.model(), result.version()));
    session.console().PrintJson(ToJson(model));
    return kDone;
  }
  session.console().Print(absl::StrCat("model ", result.model(), ":", result.version(), " ends at ", result.output_layer(), ", ",
                                       FormatCountOf(result.parameters(), "parameter"), ", weights ", result.weights_sha256(), "\n"));
  session.console().Message(absl::StrCat("see: ", session.CommandLine("model summary " + result.model())));
  return kDone;
}

absl::StatusOr<ExitCode> PopLayers(Session& session, const EditOptions& options) {
  v1::JobSpec spec;
  spec.mutable_edit_model()->set_pop(options.count);
  return RunEdit(session, std::move(spec), options);
}

absl::StatusOr<ExitCode> CutModel(Session& session, const EditOptions& options) {
  v1::JobSpec spec;
  spec.mutable_edit_model()->set_cut_layer(options.layer);
  return RunEdit(session, std::move(spec), options);
}

void AddSharedOptions(CLI::App* command, EditOptions* options) {
  command->add_option("MODEL", options->model, "Name, or NAME:VERSION")->required();
  command->add_option("--as", options->output, "Name of the model that is made; an existing one gets a new version")
      ->type_name("NEW")
      ->required();
  AddJobOptions(command, &options->job);
}

}  // namespace

void AddModelEditCommands(CommandTree& tree, CLI::App* noun) {
  const auto popped = std::make_shared<EditOptions>();
  CLI::App* pop = tree.AddCommand(
      noun, "pop", "Make a model of another one without its last layers", {"seedbed model pop vgg --count 4 --as vgg-features"},
      [popped](Session& session) { return PopLayers(session, *popped); }, ArgumentKind::kModel);
  pop->add_option("--count", popped->count, "Layers to drop")->type_name("N")->capture_default_str();
  AddSharedOptions(pop, popped.get());

  const auto cut_off = std::make_shared<EditOptions>();
  CLI::App* cut = tree.AddCommand(
      noun, "cut", "Make a model of another one up to a layer", {"seedbed model cut vgg --layer block5_pool --as vgg-features"},
      [cut_off](Session& session) { return CutModel(session, *cut_off); }, ArgumentKind::kModel);
  cut->add_option("--layer", cut_off->layer, "Layer that becomes the output")->type_name("L")->required();
  AddSharedOptions(cut, cut_off.get());
}

}  // namespace seedbed::cli
