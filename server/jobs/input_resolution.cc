#include "server/jobs/input_resolution.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/jobs/admission.h"
#include "server/jobs/job_names.h"
#include "server/jobs/networks.h"

namespace seedbed::jobs {
namespace {

// What the job reads, whatever its kind. Empty names: nothing.
struct References {
  std::string dataset = {};
  int dataset_version = 0;
  std::string split = {};
  std::string model = {};
  std::string features = {};
  std::string val_features = {};
};

References ReferencesOfTraining(const v1::TrainSpec& spec) {
  if (!spec.features().empty()) return {.features = spec.features(), .val_features = spec.val_features()};
  return {.dataset = spec.dataset(),
          .dataset_version = spec.dataset_version(),
          .split = spec.split(),
          .model = spec.weights().empty() ? spec.initial_model() : spec.weights()};
}

References ReferencesOf(const v1::JobSpec& spec) {
  switch (spec.task_case()) {
    case v1::JobSpec::kSplit:
      return {.dataset = spec.split().dataset(), .dataset_version = spec.split().dataset_version()};
    case v1::JobSpec::kTrain:
      return ReferencesOfTraining(spec.train());
    case v1::JobSpec::kEvaluate:
      return {spec.evaluate().dataset(), spec.evaluate().dataset_version(), spec.evaluate().split(), spec.evaluate().model()};
    case v1::JobSpec::kExtract:
      return {spec.extract().dataset(), spec.extract().dataset_version(), spec.extract().split(), spec.extract().model()};
    case v1::JobSpec::kEditModel:
      return {.model = spec.edit_model().model()};
    case v1::JobSpec::kExport:
      return {.model = spec.export_().model(), .features = spec.export_().features()};
    case v1::JobSpec::kVisualize:
      return {spec.visualize().dataset(), spec.visualize().dataset_version(), spec.visualize().split()};
    case v1::JobSpec::kClean:
      return {.dataset = spec.clean().dataset(), .dataset_version = spec.clean().dataset_version()};
    case v1::JobSpec::kExplain:
      return {.dataset = spec.explain().dataset(), .dataset_version = spec.explain().dataset_version(), .model = spec.explain().model()};
    case v1::JobSpec::kExplore:
      return {.features = spec.explore().features()};
    case v1::JobSpec::kMaximize:
      return {.model = spec.maximize().model()};
    default:
      return {};
  }
}

// Version of `output` that a dependency made; 0 when none makes it.
absl::StatusOr<int> VersionMade(const store::Writer& writer, const store::JobRow& job, const std::string& output) {
  SB_ASSIGN_OR_RETURN(std::vector<int64_t> dependencies, writer.DependenciesOf(job.number));
  SB_ASSIGN_OR_RETURN(const auto maker, FindMaker(writer, std::move(dependencies), output));
  return maker ? maker->inputs.output_version() : 0;
}

absl::StatusOr<int> DatasetVersion(const store::Writer& writer, const store::JobRow& job, const References& references) {
  int version = references.dataset_version;
  if (!references.split.empty()) {
    SB_ASSIGN_OR_RETURN(const v1::Split split, writer.GetSplit(references.dataset, references.split));
    if (version != 0 && version != split.dataset_version()) {
      return absl::InvalidArgumentError(absl::StrCat("split '", references.split, "' divides version ", split.dataset_version(),
                                                     " of dataset '", references.dataset, "', not version ", version));
    }
    version = split.dataset_version();
  }
  if (version == 0) {
    SB_ASSIGN_OR_RETURN(version, VersionMade(writer, job, DatasetOutput(references.dataset)));
  }
  SB_ASSIGN_OR_RETURN(const v1::Dataset dataset, writer.GetDataset(references.dataset, version));
  return dataset.version();
}

absl::StatusOr<int> ModelVersion(const store::Writer& writer, const store::JobRow& job, const std::string& text) {
  SB_ASSIGN_OR_RETURN(ModelReference reference, ParseModelReference(text));
  if (reference.version == 0) {
    SB_ASSIGN_OR_RETURN(reference.version, VersionMade(writer, job, ModelOutput(reference.name)));
  }
  SB_ASSIGN_OR_RETURN(const v1::Model model, writer.GetModel(reference.name, reference.version));
  return model.version();
}

// The pictures of a feature set are its dataset's, as long as that is there.
absl::Status ResolvePictures(const store::Writer& writer, const v1::FeatureSet& features, v1::TaskInputs* inputs) {
  const absl::StatusOr<v1::Dataset> dataset = writer.GetDataset(features.dataset(), features.dataset_version());
  if (!dataset.ok() && !absl::IsNotFound(dataset.status())) return dataset.status();
  if (dataset.ok()) inputs->set_dataset_version(dataset->version());
  return absl::OkStatus();
}

// The features that a training takes, and the model that made them.
absl::Status ResolveFeatures(const store::Writer& writer, const References& references, v1::TaskInputs* inputs) {
  SB_ASSIGN_OR_RETURN(const v1::FeatureSet features, writer.GetFeatures(references.features));
  if (!references.val_features.empty()) {
    SB_ASSIGN_OR_RETURN(const v1::FeatureSet val_features, writer.GetFeatures(references.val_features));
    SB_RETURN_IF_ERROR(CheckFeaturesMatch(features, val_features));
  }
  SB_RETURN_IF_ERROR(ResolvePictures(writer, features, inputs));
  SB_ASSIGN_OR_RETURN(const v1::Model model, ModelOfFeatures(writer, features));
  inputs->set_model_name(model.name());
  inputs->set_model_version(model.version());
  return absl::OkStatus();
}

// What an uploaded image's features are, only the model that made the set's says.
absl::Status ResolveExplored(const store::Writer& writer, const v1::ExploreSpec& spec, v1::TaskInputs* inputs) {
  SB_ASSIGN_OR_RETURN(const v1::FeatureSet features, writer.GetFeatures(spec.features()));
  SB_RETURN_IF_ERROR(ResolvePictures(writer, features, inputs));
  if (spec.neighbours().uploads().empty()) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const v1::Model model, ModelOfFeatures(writer, features));
  inputs->set_model_name(model.name());
  inputs->set_model_version(model.version());
  return absl::OkStatus();
}

bool MakesAVersion(const v1::JobSpec& spec) {
  return spec.has_index() || spec.has_clean() || spec.has_train() || spec.has_import_model() || spec.has_edit_model();
}

}  // namespace

absl::StatusOr<v1::TaskInputs> ResolveInputs(store::Writer& writer, const store::JobRow& job) {
  const References references = ReferencesOf(job.spec);
  v1::TaskInputs inputs;
  if (!references.dataset.empty()) {
    SB_ASSIGN_OR_RETURN(const int version, DatasetVersion(writer, job, references));
    inputs.set_dataset_version(version);
  }
  if (!references.model.empty()) {
    SB_ASSIGN_OR_RETURN(const int version, ModelVersion(writer, job, references.model));
    inputs.set_model_version(version);
  }
  if (!references.features.empty() && job.spec.has_train()) SB_RETURN_IF_ERROR(ResolveFeatures(writer, references, &inputs));
  if (job.spec.has_export_() && !references.features.empty()) SB_RETURN_IF_ERROR(writer.GetFeatures(references.features).status());
  if (job.spec.has_explore()) SB_RETURN_IF_ERROR(ResolveExplored(writer, job.spec.explore(), &inputs));
  if (MakesAVersion(job.spec)) {
    SB_ASSIGN_OR_RETURN(const int version, writer.AllocateVersion(job.makes));
    inputs.set_output_version(version);
  }
  return inputs;
}

absl::StatusOr<v1::TaskInputs> WithFolders(const store::Store& store, const store::JobRow& job, const store::DataLayout& layout) {
  References references = ReferencesOf(job.spec);
  const bool shows_pictures = job.spec.has_explore() || job.spec.has_train();
  if (shows_pictures && !references.features.empty() && job.inputs.dataset_version() != 0) {
    SB_ASSIGN_OR_RETURN(const v1::FeatureSet features, store.GetFeatures(references.features));
    references.dataset = features.dataset();
  }
  const std::string id = JobId(job);
  v1::TaskInputs inputs = job.inputs;
  if (!references.dataset.empty()) inputs.set_dataset_dir(layout.dataset(references.dataset, inputs.dataset_version()));
  if (!references.split.empty()) inputs.set_split_file(layout.split(references.dataset, references.split));
  if (!references.model.empty()) {
    inputs.set_model_name(references.model.substr(0, references.model.find(':')));
  }
  if (!inputs.model_name().empty()) inputs.set_model_dir(layout.model(inputs.model_name(), inputs.model_version()));
  if (!references.features.empty()) inputs.set_features_dir(layout.features(references.features));
  if (!references.val_features.empty()) inputs.set_val_features_dir(layout.features(references.val_features));
  inputs.set_staging_dir(layout.staging(id, job.epoch));
  inputs.set_checkpoint_dir(layout.checkpoints(id));
  inputs.set_cache_dir(layout.cache());
  inputs.set_objects_dir(layout.objects());
  return inputs;
}

}  // namespace seedbed::jobs
