// seedbed model ls|show|rm, and what is common to all of seedbed model (import: weights.cc)
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/keras_format.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

// Of a model that was not trained here there are none.
std::string Accuracy(const v1::Model& model) {
  if (!model.has_metrics()) return "-";
  const v1::EpochMetrics& metrics = model.metrics();
  return absl::StrFormat("%.4f", metrics.has_val_accuracy() ? metrics.val_accuracy() : metrics.accuracy());
}

// "seedlings:1"; "-" for a model that was not trained here.
std::string DatasetText(const v1::Model& model) {
  return model.dataset().empty() ? "-" : absl::StrCat(model.dataset(), ":", model.dataset_version());
}

absl::StatusOr<ExitCode> ListModels(Session& session, const std::string& name) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Model> models, client->ListModels(name));
  if (session.console().json()) {
    session.console().PrintJson(ListDocument("models", models));
    return kDone;
  }
  Table table({{"NAME"},
               {"VERSION", Align::kRight},
               {"ARCH"},
               {"CLASSES", Align::kRight},
               {"PARAMETERS", Align::kRight},
               {"ACCURACY", Align::kRight},
               {"DATASET"},
               {"SIZE", Align::kRight},
               {"CREATED"}});
  for (const v1::Model& model : models) {
    table.AddRow({model.name(), absl::StrCat(model.version()), model.arch(), FormatCount(model.classes_size()),
                  FormatCount(model.parameters()), Accuracy(model), DatasetText(model), FormatBytes(model.bytes()),
                  session.console().Time(CreateTime(model))});
  }
  session.console().Print(table);
  return kDone;
}

void PrintModel(Console& console, const v1::Model& model) {
  const std::string metrics = model.has_metrics() ? absl::StrCat("epoch ", model.metrics().epoch(), KerasEpochEnd(model.metrics())) : "-";
  console.Print(RenderPairs({
      {"name", absl::StrCat(model.name(), ":", model.version())},
      {"arch", model.arch()},
      {"created", console.Time(CreateTime(model))},
      {"trained on", absl::StrCat(DatasetText(model), model.split().empty() ? "" : ", split " + model.split())},
      {"metrics", metrics},
      {"parameters", absl::StrCat(FormatCount(model.parameters()), ", ", FormatCount(model.trainable_parameters()), " of them trainable")},
      {"weights", model.weights_sha256()},
      {"preprocessing", ToLine(ToJson(model.preprocessing()))},
      {"profile", ToLine(ToJson(model.profile()))},
      {"size", FormatBytes(model.bytes())},
      {"made by", model.job_id()},
      {"classes", model.classes().empty() ? "none: it has no top" : absl::StrJoin(model.classes(), ", ")},
  }));
}

absl::StatusOr<v1::Model> FetchModel(Session& session, const std::string& text) {
  SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(text));
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  return client->GetModel(reference.name, reference.version);
}

absl::StatusOr<ExitCode> ShowModel(Session& session, const std::string& text) {
  SB_ASSIGN_OR_RETURN(const v1::Model model, FetchModel(session, text));
  if (session.console().json()) {
    session.console().PrintJson(ToJson(model));
  } else {
    PrintModel(session.console(), model);
  }
  return kDone;
}

absl::StatusOr<ExitCode> RemoveModel(Session& session, const std::string& text, bool yes) {
  SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(text));
  const char* extent = reference.version == 0 ? " with all its versions" : "";
  if (!Confirm(session, absl::StrCat("Remove model ", text, extent, "?"), yes)) return kFailed;
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_RETURN_IF_ERROR(client->DeleteModel(reference.name, reference.version));
  if (session.console().json()) {
    session.console().PrintJson({{"removed", text}});
  } else {
    session.console().Message(absl::StrCat("model ", text, extent, " removed"));
  }
  return kDone;
}

}  // namespace

void AddModelCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("model", "Models: ls, show, summary, import, pop, cut, export, rm");
  const auto listed = std::make_shared<std::string>();
  CLI::App* list = tree.AddCommand(
      noun, "ls", "List models, the newest version of each, or all versions of one", {"seedbed model ls", "seedbed model ls baseline"},
      [listed](Session& session) { return ListModels(session, *listed); }, ArgumentKind::kModel);
  list->add_option("NAME", *listed, "All versions of this model");

  const auto shown = std::make_shared<std::string>();
  CLI::App* show = tree.AddCommand(
      noun, "show", "Show a model: classes, metrics, where it comes from", {"seedbed model show baseline", "seedbed model show baseline:2"},
      [shown](Session& session) { return ShowModel(session, *shown); }, ArgumentKind::kModel);
  show->add_option("MODEL", *shown, "Name, or NAME:VERSION")->required();

  AddModelSummaryCommand(tree, noun);
  AddModelImportCommand(tree, noun);
  AddModelEditCommands(tree, noun);
  AddModelExportCommand(tree, noun);

  const auto removed = std::make_shared<std::pair<std::string, bool>>();
  CLI::App* remove = tree.AddCommand(
      noun, "rm", "Remove a model, or one version of it", {"seedbed model rm baseline", "seedbed model rm baseline:2"},
      [removed](Session& session) { return RemoveModel(session, removed->first, removed->second); }, ArgumentKind::kModel);
  remove->add_option("MODEL", removed->first, "Name, or NAME:VERSION")->required();
  remove->add_flag("--yes", removed->second, "Do not ask");
}

}  // namespace seedbed::cli
