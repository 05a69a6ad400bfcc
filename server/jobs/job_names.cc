#include "server/jobs/job_names.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/names.h"
#include "core/base/status_macros.h"

namespace seedbed::jobs {
namespace {

absl::Status NoSuchJob(std::string_view id) {
  return absl::NotFoundError(absl::StrCat("there is no job '", ToAbsl(id.substr(0, 100)), "'"));
}

}  // namespace

std::string_view KindName(v1::JobKind kind) {
  switch (kind) {
    case v1::JOB_KIND_INDEX:
      return "index";
    case v1::JOB_KIND_SPLIT:
      return "split";
    case v1::JOB_KIND_TRAIN:
      return "train";
    case v1::JOB_KIND_EVALUATE:
      return "evaluate";
    case v1::JOB_KIND_IMPORT_MODEL:
      return "import_model";
    case v1::JOB_KIND_EXTRACT:
      return "extract";
    case v1::JOB_KIND_EDIT_MODEL:
      return "edit_model";
    case v1::JOB_KIND_EXPORT:
      return "export";
    case v1::JOB_KIND_VISUALIZE:
      return "visualize";
    case v1::JOB_KIND_CLEAN:
      return "clean";
    case v1::JOB_KIND_MAXIMIZE:
      return "maximize";
    case v1::JOB_KIND_EXPLAIN:
      return "explain";
    case v1::JOB_KIND_EXPLORE:
      return "explore";
    default:
      return "";
  }
}

std::string_view StateName(v1::JobState state) {
  constexpr std::string_view kPrefix = "JOB_STATE_";
  const std::string& name = v1::JobState_Name(state);
  return name.empty() ? "UNKNOWN" : std::string_view(name).substr(kPrefix.size());
}

std::string JobId(v1::JobKind kind, int64_t number) { return absl::StrCat(ToAbsl(KindName(kind)), "-", number); }

absl::StatusOr<int64_t> JobNumber(std::string_view id) {
  const size_t dash = id.rfind('-');
  int64_t number = 0;
  if (dash == std::string_view::npos || !absl::SimpleAtoi(ToAbsl(id.substr(dash + 1)), &number) || number < 1) return NoSuchJob(id);
  return number;
}

absl::StatusOr<store::JobRow> FindJob(const store::Reader& reader, std::string_view id) {
  SB_ASSIGN_OR_RETURN(const int64_t number, JobNumber(id));
  absl::StatusOr<store::JobRow> job = reader.GetJob(number);
  if (absl::IsNotFound(job.status()) || (job.ok() && JobId(*job) != id)) return NoSuchJob(id);
  return job;
}

v1::JobKind KindOf(const v1::JobSpec& spec) {
  switch (spec.task_case()) {
    case v1::JobSpec::kIndex:
      return v1::JOB_KIND_INDEX;
    case v1::JobSpec::kSplit:
      return v1::JOB_KIND_SPLIT;
    case v1::JobSpec::kTrain:
      return v1::JOB_KIND_TRAIN;
    case v1::JobSpec::kEvaluate:
      return v1::JOB_KIND_EVALUATE;
    case v1::JobSpec::kImportModel:
      return v1::JOB_KIND_IMPORT_MODEL;
    case v1::JobSpec::kExtract:
      return v1::JOB_KIND_EXTRACT;
    case v1::JobSpec::kEditModel:
      return v1::JOB_KIND_EDIT_MODEL;
    case v1::JobSpec::kExport:
      return v1::JOB_KIND_EXPORT;
    case v1::JobSpec::kVisualize:
      return v1::JOB_KIND_VISUALIZE;
    case v1::JobSpec::kClean:
      return v1::JOB_KIND_CLEAN;
    case v1::JobSpec::kMaximize:
      return v1::JOB_KIND_MAXIMIZE;
    case v1::JobSpec::kExplain:
      return v1::JOB_KIND_EXPLAIN;
    case v1::JobSpec::kExplore:
      return v1::JOB_KIND_EXPLORE;
    case v1::JobSpec::TASK_NOT_SET:
      break;
  }
  return v1::JOB_KIND_UNSPECIFIED;
}

std::string DatasetOutput(std::string_view dataset) { return absl::StrCat("dataset/", ToAbsl(dataset)); }

std::string SplitOutput(std::string_view dataset, std::string_view split) {
  return absl::StrCat("split/", ToAbsl(dataset), "/", ToAbsl(split));
}

std::string ModelOutput(std::string_view model) { return absl::StrCat("model/", ToAbsl(model)); }

std::string FeaturesOutput(std::string_view features) { return absl::StrCat("features/", ToAbsl(features)); }

std::string OutputOf(const v1::JobSpec& spec) {
  switch (spec.task_case()) {
    case v1::JobSpec::kIndex:
      return DatasetOutput(spec.index().dataset());
    case v1::JobSpec::kSplit:
      return SplitOutput(spec.split().dataset(), spec.split().name());
    case v1::JobSpec::kTrain:
      return ModelOutput(spec.train().model());
    case v1::JobSpec::kImportModel:
      return ModelOutput(spec.import_model().model());
    case v1::JobSpec::kExtract:
      return FeaturesOutput(spec.extract().features());
    case v1::JobSpec::kEditModel:
      return ModelOutput(spec.edit_model().output());
    case v1::JobSpec::kClean:
      return DatasetOutput(spec.clean().output());
    default:
      return "";
  }
}

absl::StatusOr<ModelReference> ParseModelReference(std::string_view text) {
  ModelReference reference;
  const size_t colon = text.find(':');
  reference.name = text.substr(0, colon);
  SB_RETURN_IF_ERROR(CheckResourceName("model", reference.name));
  if (colon == std::string_view::npos) return reference;
  if (!absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &reference.version) || reference.version < 1) {
    return absl::InvalidArgumentError(absl::StrCat("'", ToAbsl(text.substr(0, 100)), "' is not a model: write NAME or NAME:VERSION"));
  }
  return reference;
}

}  // namespace seedbed::jobs
