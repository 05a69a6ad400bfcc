// seedbed model ls|show|summary|export|rm (import: weights.cc)
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/keras_format.h"
#include "client/cli/text_format.h"
#include "client/lib/download.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

std::string Accuracy(const v1::EpochMetrics& metrics) {
  return absl::StrFormat("%.4f", metrics.has_val_accuracy() ? metrics.val_accuracy() : metrics.accuracy());
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
                  FormatCount(model.parameters()), Accuracy(model.metrics()), absl::StrCat(model.dataset(), ":", model.dataset_version()),
                  FormatBytes(model.bytes()), session.console().Time(CreateTime(model))});
  }
  session.console().Print(table);
  return kDone;
}

void PrintModel(Console& console, const v1::Model& model) {
  std::string metrics = absl::StrCat("epoch ", model.metrics().epoch(), KerasEpochEnd(model.metrics()));
  console.Print(RenderPairs({
      {"name", absl::StrCat(model.name(), ":", model.version())},
      {"arch", model.arch()},
      {"created", console.Time(CreateTime(model))},
      {"trained on", absl::StrCat(model.dataset(), ":", model.dataset_version(), model.split().empty() ? "" : ", split " + model.split())},
      {"metrics", metrics},
      {"parameters", absl::StrCat(FormatCount(model.parameters()), ", ", FormatCount(model.trainable_parameters()), " of them trainable")},
      {"weights", model.weights_sha256()},
      {"preprocessing", ToLine(ToJson(model.preprocessing()))},
      {"profile", ToLine(ToJson(model.profile()))},
      {"size", FormatBytes(model.bytes())},
      {"made by", model.job_id()},
      {"classes", absl::StrJoin(model.classes(), ", ")},
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

absl::StatusOr<ExitCode> SummarizeModel(Session& session, const std::string& text) {
  SB_ASSIGN_OR_RETURN(const v1::Model model, FetchModel(session, text));
  if (session.console().json()) {
    Json document = ListDocument("layers", model.layers());
    document["parameters"] = model.parameters();
    document["trainable_parameters"] = model.trainable_parameters();
    session.console().PrintJson(document);
  } else {
    session.console().Print(KerasSummary(model));
  }
  return kDone;
}

absl::StatusOr<ExitCode> ExportModel(Session& session, const std::string& text, const std::string& folder) {
  SB_ASSIGN_OR_RETURN(const Reference reference, ParseReference(text));
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> files, client::ExportModel(*client, reference.name, reference.version, folder));
  if (session.console().json()) {
    Json document = {{"folder", folder}};
    document.update(ListDocument("files", files));
    session.console().PrintJson(document);
  }
  for (const v1::Artifact& file : files) session.console().Print(absl::StrCat(folder, "/", file.name(), "\n"));
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

void AddShowCommands(CommandTree& tree, CLI::App* noun) {
  struct Simple {
    const char* name;
    const char* description;
    absl::StatusOr<ExitCode> (*run)(Session&, const std::string&);
  };
  for (const Simple& simple : {Simple{"show", "Show a model: classes, metrics, where it comes from", ShowModel},
                               Simple{"summary", "Print the table of layers, as Keras does", SummarizeModel}}) {
    const auto name = std::make_shared<std::string>();
    CLI::App* command = tree.AddCommand(
        noun, simple.name, simple.description,
        {absl::StrCat("seedbed model ", simple.name, " baseline"), absl::StrCat("seedbed model ", simple.name, " baseline:2")},
        [name, run = simple.run](Session& session) { return run(session, *name); }, ArgumentKind::kModel);
    command->add_option("MODEL", *name, "Name, or NAME:VERSION")->required();
  }
}

}  // namespace

void AddModelCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("model", "Models: ls, show, summary, import, export, rm");
  const auto listed = std::make_shared<std::string>();
  CLI::App* list = tree.AddCommand(
      noun, "ls", "List models, the newest version of each, or all versions of one", {"seedbed model ls", "seedbed model ls baseline"},
      [listed](Session& session) { return ListModels(session, *listed); }, ArgumentKind::kModel);
  list->add_option("NAME", *listed, "All versions of this model");
  AddShowCommands(tree, noun);
  AddModelImportCommand(tree, noun);

  const auto exported = std::make_shared<std::pair<std::string, std::string>>();
  CLI::App* export_command = tree.AddCommand(
      noun, "export", "Download the files of a model: model.json, model.safetensors, ...", {"seedbed model export baseline --out baseline"},
      [exported](Session& session) { return ExportModel(session, exported->first, exported->second); }, ArgumentKind::kModel);
  export_command->add_option("MODEL", exported->first, "Name, or NAME:VERSION")->required();
  export_command->add_option("--out", exported->second, "Folder to make; must not exist or be empty")->type_name("DIR")->required();

  const auto removed = std::make_shared<std::pair<std::string, bool>>();
  CLI::App* remove = tree.AddCommand(
      noun, "rm", "Remove a model, or one version of it", {"seedbed model rm baseline", "seedbed model rm baseline:2"},
      [removed](Session& session) { return RemoveModel(session, removed->first, removed->second); }, ArgumentKind::kModel);
  remove->add_option("MODEL", removed->first, "Name, or NAME:VERSION")->required();
  remove->add_flag("--yes", removed->second, "Do not ask");
}

}  // namespace seedbed::cli
