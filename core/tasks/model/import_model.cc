#include "core/tasks/model/import_model.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/dataset/source_file.h"
#include "core/graph/architectures.h"
#include "core/nn/model_file.h"
#include "core/nn/naming.h"
#include "core/nn/safetensors.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/publish_model.h"

namespace seedbed::tasks {
namespace {

constexpr int64_t kUsualClasses = 1000;  // ImageNet's
constexpr int64_t kMaxClasses = 100'000;

std::string SourceName(const ImportModelSpec& spec) { return spec.source.empty() ? "the weights file" : spec.source; }

absl::StatusOr<MappedFile> OpenUpload(const ImportModelSpec& spec, const TaskContext& context) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(dataset::ObjectPath(context.paths().objects_dir, spec.weights_sha256));
  if (!absl::IsNotFound(file.status())) return file;
  return absl::NotFoundError(absl::StrCat(SourceName(spec), " (", spec.weights_sha256, ") has not been uploaded"));
}

absl::StatusOr<nn::SafetensorsContent> Parse(const ImportModelSpec& spec, const MappedFile& file) {
  absl::StatusOr<nn::SafetensorsContent> content = nn::ParseSafetensors(file.bytes());
  if (content.ok()) return content;
  return absl::InvalidArgumentError(absl::StrCat(SourceName(spec), ": ", content.status().message()));
}

absl::StatusOr<image::Preprocessing> PreprocessingOf(const ImportModelSpec& spec) {
  SB_ASSIGN_OR_RETURN(const graph::Architecture* architecture, graph::FindArchitecture(spec.arch));
  SB_ASSIGN_OR_RETURN(const image::Preprocessing usual, UsualPreprocessing(*architecture));
  SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, ResolvePreprocessing(spec.preprocessing, usual));
  if (preprocessing.featurewise != image::Standardize::kNone) {
    return absl::InvalidArgumentError(
        "pipeline has featurewise standardisation, but there are no training images to fit it to; give mean and std");
  }
  if (preprocessing.center == image::Center::kNone) return preprocessing;
  return absl::InvalidArgumentError("center is mean_image; it must be none: there are no training images to take the mean of");
}

// Brings the tensors under the network's names.
class Importer {
 public:
  Importer(const ImportModelSpec& spec, const image::Preprocessing& preprocessing, const nn::TensorViews& source)
      : spec_(spec), preprocessing_(preprocessing), source_(source), input_{preprocessing.height, preprocessing.width, 3} {}

  absl::StatusOr<ImportModelResult> Run(TaskContext& context) {
    SB_ASSIGN_OR_RETURN(const int64_t classes, spec_.with_top ? ClassesOfFile() : 0);
    SB_ASSIGN_OR_RETURN(graph::Graph graph, graph::BuildArchitecture(spec_.arch, {input_, classes}));
    if (graph.parameters().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(spec_.arch, " has no weights but those that make classes; import it with its top"));
    }
    SB_ASSIGN_OR_RETURN(const std::set<std::string> unused, UnusedParameters(graph));
    auto renamed = nn::RenameWeights(graph, source_, unused);
    if (!renamed.ok()) return Annotate(renamed.status(), SourceName(spec_));
    Log("naming", absl::StrCat("the weights are named as ", std::string(renamed->naming), " names them"), context);
    if (context.cancelled()) return absl::CancelledError("the import was cancelled");
    nn::SavedModel model{.arch = spec_.arch,
                         .graph = std::move(graph),
                         .preprocessing = preprocessing_,
                         .classes = ClassNames(classes),
                         .weights = std::move(renamed->weights),
                         .mean_image = {},
                         .training = {{"source", spec_.source}, {"source_sha256", spec_.weights_sha256}, {"naming", renamed->naming}}};
    ImportModelResult result{.naming = std::string(renamed->naming), .model = {}};
    SB_ASSIGN_OR_RETURN(result.model, PublishModel(model, context));
    return result;
  }

 private:
  // The units of the file's last dense layer.
  absl::StatusOr<int64_t> ClassesOfFile() const {
    SB_ASSIGN_OR_RETURN(const graph::Graph usual, graph::BuildArchitecture(spec_.arch, {input_, kUsualClasses}));
    const std::string name = nn::NameInFile(usual, source_, graph::LogitsLayer(usual).layer.name + ".weight");
    // Without such a tensor, renaming says that it is missing.
    int64_t classes = spec_.classes.empty() ? kUsualClasses : static_cast<int64_t>(spec_.classes.size());
    if (const auto found = source_.find(name); found != source_.end() && !found->second.shape.empty()) classes = found->second.shape[0];
    if (classes < 1 || classes > kMaxClasses) return absl::InvalidArgumentError(absl::StrCat("'", name, "' makes ", classes, " classes"));
    if (spec_.classes.empty() || static_cast<int64_t>(spec_.classes.size()) == classes) return classes;
    return absl::InvalidArgumentError(absl::StrCat("the weights have ", classes, " classes, but ", spec_.classes.size(), " are named"));
  }

  std::vector<std::string> ClassNames(int64_t classes) const {
    if (!spec_.classes.empty()) return spec_.classes;
    std::vector<std::string> names;
    for (int64_t index = 0; index < classes; ++index) names.push_back(absl::StrCat(index));
    return names;
  }

  // Those of the top that is left out.
  absl::StatusOr<std::set<std::string>> UnusedParameters(const graph::Graph& graph) const {
    std::set<std::string> names;
    if (spec_.with_top) return names;
    SB_ASSIGN_OR_RETURN(const graph::Graph whole, graph::BuildArchitecture(spec_.arch, {input_, kUsualClasses}));
    for (const graph::Parameter& parameter : whole.parameters()) names.insert(parameter.name);
    for (const graph::Parameter& parameter : graph.parameters()) names.erase(parameter.name);
    return names;
  }

  const ImportModelSpec& spec_;
  const image::Preprocessing preprocessing_;
  const nn::TensorViews& source_;
  const graph::Shape input_;
};

}  // namespace

absl::StatusOr<ImportModelResult> RunImportModel(const ImportModelSpec& spec, TaskContext& context) {
  Log("plan", absl::StrCat("importing weights of ", spec.arch, " from ", SourceName(spec)), context);
  SB_ASSIGN_OR_RETURN(const MappedFile file, OpenUpload(spec, context));
  SB_ASSIGN_OR_RETURN(const nn::SafetensorsContent content, Parse(spec, file));
  SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, PreprocessingOf(spec));
  return Importer(spec, preprocessing, content.tensors).Run(context);
}

}  // namespace seedbed::tasks
