#include "server/jobs/outcome.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/jobs/job_names.h"
#include "server/jobs/transaction.h"

namespace seedbed::jobs {
namespace {

bool ResultMatches(const v1::JobSpec& spec, const v1::JobResult& result) {
  switch (spec.task_case()) {
    case v1::JobSpec::kIndex:
      return result.has_index();
    case v1::JobSpec::kSplit:
      return result.has_split();
    case v1::JobSpec::kTrain:
      return result.has_train();
    case v1::JobSpec::kEvaluate:
      return result.has_evaluate();
    case v1::JobSpec::kImportModel:
      return result.has_import_model();
    case v1::JobSpec::kExtract:
      return result.has_extract();
    case v1::JobSpec::kEditModel:
      return result.has_edit_model();
    case v1::JobSpec::kExport:
      return result.has_export_();
    case v1::JobSpec::kVisualize:
      return result.has_visualize();
    case v1::JobSpec::kClean:
      return result.has_clean();
    case v1::JobSpec::kMaximize:
      return result.has_maximize();
    case v1::JobSpec::kExplain:
      return result.has_explain();
    case v1::JobSpec::kExplore:
      return result.has_explore();
    case v1::JobSpec::TASK_NOT_SET:
      break;
  }
  return false;
}

bool RecordParses(const v1::JobSpec& spec, const std::string& record) {
  switch (spec.task_case()) {
    case v1::JobSpec::kIndex:
    case v1::JobSpec::kClean:
      return v1::Dataset().ParseFromString(record);
    case v1::JobSpec::kSplit:
      return v1::Split().ParseFromString(record);
    case v1::JobSpec::kTrain:
    case v1::JobSpec::kImportModel:
    case v1::JobSpec::kEditModel:
      return v1::Model().ParseFromString(record);
    case v1::JobSpec::kExtract:
      return v1::FeatureSet().ParseFromString(record);
    default:
      return true;
  }
}

absl::Status InsertDataset(store::Writer& tables, const store::JobRow& job, const std::string& record, int64_t now) {
  v1::Dataset dataset;
  if (!dataset.ParseFromString(record)) return absl::InternalError("damaged dataset record");
  dataset.set_name(job.spec.has_clean() ? job.spec.clean().output() : job.spec.index().dataset());
  dataset.set_version(job.inputs.output_version());
  dataset.set_root(job.spec.index().root());
  dataset.set_job_id(JobId(job));
  *dataset.mutable_create_time() = TimestampOf(now);
  return tables.InsertDataset(dataset);
}

absl::Status InsertSplit(store::Writer& tables, const store::JobRow& job, const std::string& record, int64_t now) {
  v1::Split split;
  if (!split.ParseFromString(record)) return absl::InternalError("damaged split record");
  split.set_name(job.spec.split().name());
  split.set_dataset(job.spec.split().dataset());
  split.set_dataset_version(job.inputs.dataset_version());
  split.set_job_id(JobId(job));
  *split.mutable_create_time() = TimestampOf(now);
  return tables.InsertSplit(split);
}

// What any model's record has; the network itself and its preprocessing are the worker's to say, who has seen what it builds on.
absl::StatusOr<v1::Model> ModelRecord(const store::JobRow& job, const std::string& name, const std::string& record, int64_t now) {
  v1::Model model;
  if (!model.ParseFromString(record)) return absl::InternalError("damaged model record");
  model.set_name(name);
  model.set_version(job.inputs.output_version());
  model.set_job_id(JobId(job));
  *model.mutable_profile() = job.inputs.profile();
  *model.mutable_create_time() = TimestampOf(now);
  return model;
}

absl::Status InsertTrainedModel(store::Writer& tables, const store::JobRow& job, const std::string& record, int64_t now) {
  const v1::TrainSpec& spec = job.spec.train();
  SB_ASSIGN_OR_RETURN(v1::Model model, ModelRecord(job, spec.model(), record, now));
  model.set_dataset(spec.dataset());
  model.set_dataset_version(job.inputs.dataset_version());
  model.set_split(spec.split());
  if (!spec.features().empty()) {
    SB_ASSIGN_OR_RETURN(const v1::FeatureSet features, tables.GetFeatures(spec.features()));
    model.set_dataset(features.dataset());
    model.set_dataset_version(features.dataset_version());
    model.set_split(features.split());
  }
  return tables.InsertModel(model);
}

absl::Status InsertModel(store::Writer& tables, const store::JobRow& job, const std::string& name, const std::string& record, int64_t now) {
  SB_ASSIGN_OR_RETURN(const v1::Model model, ModelRecord(job, name, record, now));
  return tables.InsertModel(model);
}

absl::Status InsertFeatures(store::Writer& tables, const store::JobRow& job, const std::string& record, int64_t now) {
  v1::FeatureSet features;
  if (!features.ParseFromString(record)) return absl::InternalError("damaged feature set record");
  const v1::ExtractSpec& spec = job.spec.extract();
  features.set_name(spec.features());
  features.set_job_id(JobId(job));
  features.set_dataset(spec.dataset());
  features.set_dataset_version(job.inputs.dataset_version());
  features.set_split(spec.split());
  features.set_subset(spec.subset());
  features.set_model(spec.model().substr(0, spec.model().find(':')));
  features.set_model_version(job.inputs.model_version());
  features.set_pool(spec.pool());
  features.set_dtype(spec.dtype());
  *features.mutable_profile() = job.inputs.profile();
  *features.mutable_create_time() = TimestampOf(now);
  return tables.InsertFeatures(features);
}

void CompleteResult(const store::JobRow& job, v1::JobResult* result) {
  if (result->has_index()) {
    result->mutable_index()->set_dataset(job.spec.index().dataset());
    result->mutable_index()->set_version(job.inputs.output_version());
  } else if (result->has_clean()) {
    result->mutable_clean()->set_dataset(job.spec.clean().output());
    result->mutable_clean()->set_version(job.inputs.output_version());
  } else if (result->has_split()) {
    result->mutable_split()->set_dataset(job.spec.split().dataset());
    result->mutable_split()->set_dataset_version(job.inputs.dataset_version());
    result->mutable_split()->set_split(job.spec.split().name());
  } else if (result->has_train()) {
    result->mutable_train()->set_model(job.spec.train().model());
    result->mutable_train()->set_version(job.inputs.output_version());
  } else if (result->has_evaluate()) {
    const std::string& reference = job.spec.evaluate().model();
    result->mutable_evaluate()->set_model(reference.substr(0, reference.find(':')));
    result->mutable_evaluate()->set_model_version(job.inputs.model_version());
  } else if (result->has_import_model()) {
    result->mutable_import_model()->set_model(job.spec.import_model().model());
    result->mutable_import_model()->set_version(job.inputs.output_version());
  } else if (result->has_edit_model()) {
    result->mutable_edit_model()->set_model(job.spec.edit_model().output());
    result->mutable_edit_model()->set_version(job.inputs.output_version());
  } else if (result->has_extract()) {
    result->mutable_extract()->set_features(job.spec.extract().features());
  } else if (result->has_export_()) {
    result->mutable_export_()->set_format(job.spec.export_().format());
  }
}

}  // namespace

absl::Status CheckOutcome(const store::JobRow& job, const v1::TaskFinished& finished) {
  if (!ResultMatches(job.spec, finished.result())) {
    return absl::InternalError("the worker said that it succeeded, but sent no result of the job's kind");
  }
  if (!RecordParses(job.spec, finished.record())) {
    return absl::InternalError("the worker said that it succeeded, but sent a damaged record");
  }
  return absl::OkStatus();
}

absl::Status RecordSuccess(store::Writer& tables, store::JobRow& job, const v1::TaskFinished& finished, int64_t now) {
  job.result = finished.result();
  CompleteResult(job, &job.result);
  switch (job.spec.task_case()) {
    case v1::JobSpec::kIndex:
    case v1::JobSpec::kClean:
      return InsertDataset(tables, job, finished.record(), now);
    case v1::JobSpec::kSplit:
      return InsertSplit(tables, job, finished.record(), now);
    case v1::JobSpec::kTrain:
      return InsertTrainedModel(tables, job, finished.record(), now);
    case v1::JobSpec::kImportModel:
      return InsertModel(tables, job, job.spec.import_model().model(), finished.record(), now);
    case v1::JobSpec::kEditModel:
      return InsertModel(tables, job, job.spec.edit_model().output(), finished.record(), now);
    case v1::JobSpec::kExtract:
      return InsertFeatures(tables, job, finished.record(), now);
    default:
      return absl::OkStatus();
  }
}

v1::TaskFinished FailureOf(const absl::Status& fault, const v1::TaskFinished& finished) {
  v1::TaskFinished failure;
  failure.set_number(finished.number());
  failure.set_outcome(v1::TaskFinished::OUTCOME_FAILED);
  failure.mutable_error()->set_reason(absl::IsResourceExhausted(fault) ? v1::REASON_DISK_FULL : v1::REASON_INTERNAL);
  failure.mutable_error()->set_message(absl::StrCat("could not publish what the job made: ", fault.message()));
  return failure;
}

}  // namespace seedbed::jobs
