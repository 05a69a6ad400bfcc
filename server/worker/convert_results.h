// What a job has made, from core's words to the protocol's.
#pragma once

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
#include "server/worker/running_task.h"

namespace seedbed::worker {

// The result for the job, and the record that the server keeps (TaskFinished.record). create_time is the server's to set.
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::IndexResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::CleanResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::SplitResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::TrainResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::EvaluateResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ImportModelResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ExtractResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::EditModelResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ExportResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::VisualizeResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ExplainResult& result);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::ExploreResult& result);

v1::PictureFile ToProto(const tasks::PictureArtifact& picture);
TaskOutput ToOutput(const v1::Assignment& assignment, const tasks::MaximizeResult& result);

}  // namespace seedbed::worker
