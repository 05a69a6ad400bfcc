// What a job is, from the protocol's words to core's. With convert_results.h and convert_events.h the only place that knows both.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tasks/data/clean.h"
#include "core/tasks/data/index.h"
#include "core/tasks/data/split.h"
#include "core/tasks/look/explain.h"
#include "core/tasks/look/explore.h"
#include "core/tasks/look/maximize.h"
#include "core/tasks/look/visualize.h"
#include "core/tasks/model/edit_model.h"
#include "core/tasks/model/evaluate.h"
#include "core/tasks/model/export_artifacts.h"
#include "core/tasks/model/extract.h"
#include "core/tasks/model/import_model.h"
#include "core/tasks/model/train.h"
#include "seedbed/v1/worker.pb.h"

namespace seedbed::worker {

// The assignment's spec must be of the kind. INVALID_ARGUMENT for values that this version does not know.
tasks::IndexSpec ToIndexSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::SplitSpec> ToSplitSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::TrainSpec> ToTrainSpec(const v1::Assignment& assignment);
tasks::EvaluateSpec ToEvaluateSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::ImportModelSpec> ToImportModelSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::ExtractSpec> ToExtractSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::EditModelSpec> ToEditModelSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::ExportSpec> ToExportSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::VisualizeSpec> ToVisualizeSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::CleanSpec> ToCleanSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::ExplainSpec> ToExplainSpec(const v1::Assignment& assignment);
absl::StatusOr<tasks::ExploreSpec> ToExploreSpec(const v1::Assignment& assignment);

// Of a job that people send images with.
std::vector<tasks::UploadedImage> ToUploads(const google::protobuf::RepeatedPtrField<v1::UploadedImage>& uploads);
absl::StatusOr<tasks::MaximizeSpec> ToMaximizeSpec(const v1::Assignment& assignment);

// The version of the dataset that the server has settled on when it resolved the inputs; else the one that the specification names.
int DatasetVersion(const v1::Assignment& assignment, int named);
// "NAME:VERSION" without the version.
std::string ModelName(const std::string& reference);

}  // namespace seedbed::worker
