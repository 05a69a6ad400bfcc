// seedbed evaluate
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/evaluation.h"
#include "client/cli/follow_job.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string dataset;
  std::string split;
  std::string subset;
  int batch_size = 0;
  int top_k = 0;
  JobOptions job;
};

absl::StatusOr<ExitCode> Evaluate(Session& session, const EvaluateOptions& options) {
  SB_ASSIGN_OR_RETURN(const Reference dataset, ParseReference(options.dataset));
  v1::JobSpec spec;
  v1::EvaluateSpec* evaluate = spec.mutable_evaluate();
  evaluate->set_model(options.model);
  evaluate->set_dataset(dataset.name);
  evaluate->set_dataset_version(dataset.version);
  evaluate->set_split(options.split);
  evaluate->set_subset(options.subset);
  evaluate->set_batch_size(options.batch_size);
  evaluate->set_top_k(options.top_k);
  SB_RETURN_IF_ERROR(ApplyJobOptions(options.job, &spec));
  SB_ASSIGN_OR_RETURN(const Outcome outcome, RunJob(session, spec, options.job.detach));
  if (!outcome.finished) return outcome.exit_code;
  const v1::EvaluateResult& result = outcome.job.result().evaluate();
  if (session.console().json()) {
    Json document = {{"job", outcome.job.id()}};
    document.update(ToJson(result));
    session.console().PrintJson(document);
  } else {
    session.console().Print(RenderEvaluation(result));
    session.console().Message(absl::StrCat("report: ", session.CommandLine("report " + outcome.job.id()),
                                           "\nfiles: ", session.CommandLine("job get " + outcome.job.id() + " --out DIR")));
  }
  return kDone;
}

}  // namespace

void AddEvaluateCommand(CommandTree& tree) {
  const auto options = std::make_shared<EvaluateOptions>();
  CLI::App* command = tree.AddCommand(
      &tree.root(), "evaluate", "Score a model on labelled images",
      {"seedbed evaluate baseline --dataset seedlings --split default",
       "seedbed evaluate baseline:3 --dataset seedlings --split default --subset test --output json"},
      [options](Session& session) { return Evaluate(session, *options); }, ArgumentKind::kModel);
  command->add_option("MODEL", options->model, "Name, or NAME:VERSION")->required();
  command->add_option("--dataset", options->dataset, "Dataset: NAME, or NAME:VERSION")->type_name("D")->required();
  CLI::Option* split = command->add_option("--split", options->split, "Split of the dataset; default: all its images")->type_name("S");
  command->add_option("--subset", options->subset, "Subset of the split; default: validation")->type_name("NAME")->needs(split);
  command->add_option("--batch-size", options->batch_size, "Images at a time; default 32")->type_name("N");
  command->add_option("--top-k", options->top_k, "Also count an image whose class is among so many best ones; default 5")->type_name("K");
  AddJobOptions(command, &options->job);
}

}  // namespace seedbed::cli
