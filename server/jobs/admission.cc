#include "server/jobs/admission.h"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "server/jobs/explained_network.h"
#include "server/jobs/field_error.h"
#include "server/jobs/job_names.h"
#include "server/jobs/networks.h"
#include "server/jobs/state_machine.h"

namespace seedbed::jobs {
namespace {

constexpr int kNamesLookedAt = 1000;  // for one that was probably meant

bool HasFailed(const store::JobRow& job) { return IsTerminal(job.state) && job.state != v1::JOB_STATE_SUCCEEDED; }

// The checks of one specification; keeps what they share.
class Checks {
 public:
  Checks(const store::Reader& reader, const v1::JobSpec& spec) : reader_(reader), spec_(spec) {}

  absl::StatusOr<Admission> Run() {
    SB_RETURN_IF_ERROR(ResolveDependencies());
    SB_RETURN_IF_ERROR(CheckTask());
    return admission_;
  }

 private:
  absl::Status ResolveDependencies() {
    admission_.ready = true;
    for (const std::string& id : spec_.depends_on()) {
      const absl::StatusOr<store::JobRow> job = FindJob(reader_, id);
      if (!job.ok()) return AtField("spec.depends_on", job.status());
      if (HasFailed(*job)) {
        const std::string state = absl::AsciiStrToLower(ToAbsl(StateName(job->state)));
        return AtField("spec.depends_on",
                       absl::FailedPreconditionError(absl::StrCat("job ", id, " ended as ", state, "; submit it again first")));
      }
      if (job->state != v1::JOB_STATE_SUCCEEDED) admission_.ready = false;
      admission_.dependencies.push_back(job->number);
    }
    return absl::OkStatus();
  }

  absl::Status CheckTask() const {
    switch (spec_.task_case()) {
      case v1::JobSpec::kIndex:
        return AtField("spec.index.dataset", CheckNewDataset(spec_.index().dataset(), spec_.index().update()));
      case v1::JobSpec::kSplit:
        SB_RETURN_IF_ERROR(CheckDataset("spec.split", spec_.split().dataset(), spec_.split().dataset_version()).status());
        return AtField("spec.split.name", CheckNewSplit(spec_.split()));
      case v1::JobSpec::kTrain:
        return CheckTrain(spec_.train());
      case v1::JobSpec::kEvaluate:
        return CheckEvaluate(spec_.evaluate());
      case v1::JobSpec::kImportModel:
        return absl::OkStatus();  // makes a further version of any model
      case v1::JobSpec::kExtract:
        return CheckExtract(spec_.extract());
      case v1::JobSpec::kEditModel:
        return CheckEditModel(spec_.edit_model());
      case v1::JobSpec::kExport:
        return CheckExport(spec_.export_());
      case v1::JobSpec::kVisualize:
        return CheckVisualize(spec_.visualize());
      case v1::JobSpec::kClean:
        SB_RETURN_IF_ERROR(CheckDataset("spec.clean", spec_.clean().dataset(), spec_.clean().dataset_version()).status());
        return AtField("spec.clean.output", CheckNewDataset(spec_.clean().output(), spec_.clean().update()));
      case v1::JobSpec::kMaximize:
        return CheckMaximize(spec_.maximize());
      case v1::JobSpec::kExplain:
        return CheckExplain(spec_.explain());
      case v1::JobSpec::kExplore:
        return CheckExplore(spec_.explore());
      case v1::JobSpec::TASK_NOT_SET:
        break;
    }
    return absl::InternalError("a job without task");
  }

  absl::Status CheckNewDataset(const std::string& name, bool update) const {
    if (update) return absl::OkStatus();
    const absl::StatusOr<v1::Dataset> existing = reader_.GetDataset(name, 0);
    if (existing.ok()) {
      return absl::AlreadyExistsError(absl::StrCat("dataset '", name, "' exists (version ", existing->version(),
                                                   "); choose another name, or make a further version of it with update (--update)"));
    }
    if (!absl::IsNotFound(existing.status())) return existing.status();
    return CheckNobodyMakes("dataset", name, DatasetOutput(name));
  }

  absl::Status CheckNewSplit(const v1::SplitSpec& spec) const {
    const absl::StatusOr<v1::Split> existing = reader_.GetSplit(spec.dataset(), spec.name());
    if (existing.ok()) {
      return absl::AlreadyExistsError(absl::StrCat("dataset '", spec.dataset(), "' has a split '", spec.name(), "' (", existing->rule(),
                                                   "); splits never change, so choose another name"));
    }
    if (!absl::IsNotFound(existing.status())) return existing.status();
    return CheckNobodyMakes("split", spec.name(), SplitOutput(spec.dataset(), spec.name()));
  }

  absl::Status CheckNobodyMakes(std::string_view what, const std::string& name, const std::string& output) const {
    SB_ASSIGN_OR_RETURN(const int64_t maker, reader_.UnfinishedMaker(output));
    if (maker == 0) return absl::OkStatus();
    SB_ASSIGN_OR_RETURN(const store::JobRow job, reader_.GetJob(maker));
    return absl::AlreadyExistsError(
        absl::StrCat(ToAbsl(what), " '", name, "' is being made by job ", JobId(job), "; wait for it, cancel it, or choose another name"));
  }

  absl::Status CheckNewFeatures(const std::string& name) const {
    const absl::StatusOr<v1::FeatureSet> existing = reader_.GetFeatures(name);
    if (existing.ok()) {
      return absl::AlreadyExistsError(absl::StrCat("feature set '", name, "' exists (layer '", existing->layer(), "' of model ",
                                                   existing->model(), ":", existing->model_version(),
                                                   "); feature sets never change, so choose another name"));
    }
    if (!absl::IsNotFound(existing.status())) return existing.status();
    return CheckNobodyMakes("feature set", name, FeaturesOutput(name));
  }

  absl::Status CheckTrain(const v1::TrainSpec& spec) const {
    if (!spec.features().empty()) return CheckTrainFromFeatures(spec);
    SB_ASSIGN_OR_RETURN(const auto dataset, CheckDataset("spec.train", spec.dataset(), spec.dataset_version()));
    if (!spec.split().empty()) {
      SB_RETURN_IF_ERROR(CheckSplit("spec.train", spec.dataset(), spec.dataset_version(), spec.split(), "train"));
    }
    if (!spec.initial_model().empty()) return CheckModel("spec.train.initial_model", spec.initial_model()).status();
    std::optional<v1::Model> weights;
    if (!spec.weights().empty()) {
      SB_ASSIGN_OR_RETURN(weights, CheckModel("spec.train.weights", spec.weights()));
      if (!weights) return absl::OkStatus();
      SB_RETURN_IF_ERROR(CheckSameArchitecture("spec.train.arch", spec.arch(), weights->arch(), spec.weights()));
    }
    if (!dataset) return absl::OkStatus();  // the number of classes is not known yet
    return TrainedNetwork(spec, weights ? &*weights : nullptr, dataset->classes_size()).status();
  }

  absl::Status CheckTrainFromFeatures(const v1::TrainSpec& spec) const {
    SB_ASSIGN_OR_RETURN(const auto features, CheckFeatures("spec.train.features", spec.features()));
    std::optional<v1::FeatureSet> val_features;
    if (!spec.val_features().empty()) {
      SB_ASSIGN_OR_RETURN(val_features, CheckFeatures("spec.train.val_features", spec.val_features()));
    }
    if (!features) return absl::OkStatus();
    SB_RETURN_IF_ERROR(AtField("spec.train.features", ModelOfFeatures(reader_, *features).status()));
    SB_RETURN_IF_ERROR(CheckSameArchitecture("spec.train.arch", spec.arch(), features->arch(), spec.features()));
    if (val_features) SB_RETURN_IF_ERROR(CheckFeaturesMatch(*features, *val_features));
    return HeadOnFeatures(spec, *features).status();
  }

  absl::Status CheckEvaluate(const v1::EvaluateSpec& spec) const {
    SB_ASSIGN_OR_RETURN(const auto model, CheckModel("spec.evaluate.model", spec.model()));
    if (model && !model->graph().empty() && model->classes().empty()) {
      return AtField("spec.evaluate.model", absl::InvalidArgumentError(absl::StrCat("'", spec.model(),
                                                                                    "' makes no classes: it has no top; train a head on "
                                                                                    "it (--weights) and evaluate that model")));
    }
    SB_RETURN_IF_ERROR(CheckDataset("spec.evaluate", spec.dataset(), spec.dataset_version()).status());
    if (spec.split().empty()) return absl::OkStatus();
    return CheckSplit("spec.evaluate", spec.dataset(), spec.dataset_version(), spec.split(), spec.subset());
  }

  absl::Status CheckExtract(const v1::ExtractSpec& spec) const {
    SB_RETURN_IF_ERROR(CheckDataset("spec.extract", spec.dataset(), spec.dataset_version()).status());
    if (!spec.split().empty()) {
      SB_RETURN_IF_ERROR(CheckSplit("spec.extract", spec.dataset(), spec.dataset_version(), spec.split(), spec.subset()));
    }
    SB_RETURN_IF_ERROR(AtField("spec.extract.features", CheckNewFeatures(spec.features())));
    SB_ASSIGN_OR_RETURN(const auto model, CheckModel("spec.extract.model", spec.model()));
    if (!model) return absl::OkStatus();
    SB_RETURN_IF_ERROR(CheckSameArchitecture("spec.extract.arch", spec.arch(), model->arch(), spec.model()));
    return ExtractedNetwork(spec, *model).status();
  }

  absl::Status CheckEditModel(const v1::EditModelSpec& spec) const {
    SB_ASSIGN_OR_RETURN(const auto model, CheckModel("spec.edit_model.model", spec.model()));
    return model ? EditedNetwork(spec, *model).status() : absl::OkStatus();
  }

  absl::Status CheckExport(const v1::ExportSpec& spec) const {
    if (spec.has_model()) return CheckModel("spec.export.model", spec.model()).status();
    return CheckFeatures("spec.export.features", spec.features()).status();
  }

  absl::Status CheckMaximize(const v1::MaximizeSpec& spec) const {
    SB_ASSIGN_OR_RETURN(const auto model, CheckModel("spec.maximize.model", spec.model()));
    return model ? CheckMaximizedNetwork(spec, *model) : absl::OkStatus();
  }

  absl::Status CheckVisualize(const v1::VisualizeSpec& spec) const {
    SB_RETURN_IF_ERROR(CheckDataset("spec.visualize", spec.dataset(), spec.dataset_version()).status());
    if (spec.split().empty()) return absl::OkStatus();
    return CheckSplit("spec.visualize", spec.dataset(), spec.dataset_version(), spec.split(), spec.subset());
  }

  absl::Status CheckExplain(const v1::ExplainSpec& spec) const {
    if (!spec.dataset().empty()) SB_RETURN_IF_ERROR(CheckDataset("spec.explain", spec.dataset(), spec.dataset_version()).status());
    SB_ASSIGN_OR_RETURN(const auto model, CheckModel("spec.explain.model", spec.model()));
    return model ? CheckExplained(spec, *model) : absl::OkStatus();
  }

  absl::Status CheckExplore(const v1::ExploreSpec& spec) const {
    SB_ASSIGN_OR_RETURN(const auto features, CheckFeatures("spec.explore.features", spec.features()));
    if (!features || spec.neighbours().uploads().empty()) return absl::OkStatus();
    return AtField("spec.explore.features", ModelOfFeatures(reader_, *features).status());
  }

  // Whether a dependency is going to make (or has made) the thing called `name` that `missing` says is not there; `others` are.
  absl::Status UnlessMade(const absl::Status& missing, const std::string& output, std::string_view name,
                          std::vector<std::string> others) const {
    if (!absl::IsNotFound(missing)) return missing;
    SB_ASSIGN_OR_RETURN(const auto maker, FindMaker(reader_, admission_.dependencies, output));
    if (maker) return absl::OkStatus();
    std::erase(others, name);  // of which another version is meant
    return absl::NotFoundError(
        absl::StrCat(missing.message(), DidYouMean(name, others, "; if a job is to make it, name that job in depends_on")));
  }

  template <typename Record>
  static std::vector<std::string> NamesOf(const absl::StatusOr<store::Reader::Page<Record>>& page) {
    std::vector<std::string> names;
    if (!page.ok()) return names;
    for (const auto& [token, record] : *page) names.push_back(record.name());
    return names;
  }

  // What `found` found; nullopt when a dependency is still to make it, or to make a newer version of it (`newest`).
  template <typename Record>
  absl::StatusOr<std::optional<Record>> FoundOrMade(std::string_view field, absl::StatusOr<Record> found, const std::string& output,
                                                    bool newest, std::string_view name,
                                                    const std::function<std::vector<std::string>()>& others) const {
    if (!found.ok()) {
      SB_RETURN_IF_ERROR(AtField(field, UnlessMade(found.status(), output, name, others())));
      return std::nullopt;
    }
    SB_ASSIGN_OR_RETURN(const auto maker, FindMaker(reader_, admission_.dependencies, output));
    if (newest && maker) return std::nullopt;
    return *std::move(found);
  }

  absl::StatusOr<std::optional<v1::Dataset>> CheckDataset(const std::string& at, const std::string& name, int version) const {
    const std::string field = absl::StrCat(at, version == 0 ? ".dataset" : ".dataset_version");
    const auto others = [&] { return NamesOf(reader_.ListDatasets(0, kNamesLookedAt)); };
    return FoundOrMade(field, reader_.GetDataset(name, version), DatasetOutput(name), version == 0, name, others);
  }

  absl::StatusOr<std::optional<v1::Model>> CheckModel(std::string_view field, const std::string& text) const {
    SB_ASSIGN_OR_RETURN(const ModelReference model, ParseModelReference(text));
    const auto others = [&] { return NamesOf(reader_.ListModels("", 0, kNamesLookedAt)); };
    return FoundOrMade(field, reader_.GetModel(model.name, model.version), ModelOutput(model.name), model.version == 0, model.name, others);
  }

  absl::StatusOr<std::optional<v1::FeatureSet>> CheckFeatures(std::string_view field, const std::string& name) const {
    const auto others = [&] { return NamesOf(reader_.ListFeatures(0, kNamesLookedAt)); };
    return FoundOrMade(field, reader_.GetFeatures(name), FeaturesOutput(name), false, name, others);
  }

  absl::Status CheckSplit(const std::string& at, const std::string& dataset, int version, const std::string& name,
                          const std::string& subset) const {
    const absl::StatusOr<v1::Split> split = reader_.GetSplit(dataset, name);
    if (!split.ok()) {
      std::vector<std::string> others;
      if (const auto splits = reader_.ListSplits(dataset); splits.ok()) {
        for (const v1::Split& other : *splits) others.push_back(other.name());
      }
      return AtField(at + ".split", UnlessMade(split.status(), SplitOutput(dataset, name), name, others));
    }
    if (version != 0 && version != split->dataset_version()) {
      return AtField(at + ".split", absl::InvalidArgumentError(absl::StrCat("split '", name, "' divides version ", split->dataset_version(),
                                                                            " of dataset '", dataset, "', not version ", version)));
    }
    if (subset.empty()) return absl::OkStatus();  // all of them
    std::vector<std::string> names;
    for (const v1::Subset& one : split->subsets()) {
      if (one.name() == subset) return absl::OkStatus();
      names.push_back(one.name());
    }
    return AtField(at + ".split", absl::InvalidArgumentError(absl::StrCat("split '", name, "' has no subset '", subset, "'; it has ",
                                                                          absl::StrJoin(names, ", "))));
  }

  const store::Reader& reader_;
  const v1::JobSpec& spec_;
  Admission admission_;
};

}  // namespace

absl::StatusOr<Admission> Admit(const store::Reader& reader, const v1::JobSpec& spec) { return Checks(reader, spec).Run(); }

absl::StatusOr<v1::Model> ModelOfFeatures(const store::Reader& reader, const v1::FeatureSet& features) {
  absl::StatusOr<v1::Model> model = reader.GetModel(features.model(), features.model_version());
  if (!absl::IsNotFound(model.status())) return model;
  return absl::NotFoundError(absl::StrCat("feature set '", features.name(), "' was made with model '", features.model(), ":",
                                          features.model_version(),
                                          "', which has been deleted, and with it the layers that made the features"));
}

absl::StatusOr<std::optional<store::JobRow>> FindMaker(const store::Reader& reader, std::vector<int64_t> dependencies,
                                                       std::string_view output) {
  std::set<int64_t> seen(dependencies.begin(), dependencies.end());
  while (!dependencies.empty()) {
    const int64_t number = dependencies.back();
    dependencies.pop_back();
    SB_ASSIGN_OR_RETURN(store::JobRow job, reader.GetJob(number));
    if (job.makes == output && !HasFailed(job)) return job;
    SB_ASSIGN_OR_RETURN(const std::vector<int64_t> further, reader.DependenciesOf(number));
    for (const int64_t one : further) {
      if (seen.insert(one).second) dependencies.push_back(one);
    }
  }
  return std::nullopt;
}

}  // namespace seedbed::jobs
