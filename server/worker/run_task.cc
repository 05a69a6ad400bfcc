#include "server/worker/run_task.h"

#include "core/base/status_macros.h"
#include "server/worker/convert_results.h"
#include "server/worker/convert_specs.h"

namespace seedbed::worker {

absl::StatusOr<TaskOutput> RunTask(const v1::Assignment& assignment, tasks::TaskContext& context) {
  switch (assignment.spec().task_case()) {
    case v1::JobSpec::kIndex: {
      SB_ASSIGN_OR_RETURN(const tasks::IndexResult result, tasks::RunIndex(ToIndexSpec(assignment), context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kSplit: {
      SB_ASSIGN_OR_RETURN(const tasks::SplitSpec spec, ToSplitSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::SplitResult result, tasks::RunSplit(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kTrain: {
      SB_ASSIGN_OR_RETURN(const tasks::TrainSpec spec, ToTrainSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::TrainResult result, tasks::RunTrain(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kEvaluate: {
      SB_ASSIGN_OR_RETURN(const tasks::EvaluateResult result, tasks::RunEvaluate(ToEvaluateSpec(assignment), context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kImportModel: {
      SB_ASSIGN_OR_RETURN(const tasks::ImportModelSpec spec, ToImportModelSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::ImportModelResult result, tasks::RunImportModel(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kExtract: {
      SB_ASSIGN_OR_RETURN(const tasks::ExtractSpec spec, ToExtractSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::ExtractResult result, tasks::RunExtract(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kEditModel: {
      SB_ASSIGN_OR_RETURN(const tasks::EditModelSpec spec, ToEditModelSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::EditModelResult result, tasks::RunEditModel(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kExport: {
      SB_ASSIGN_OR_RETURN(const tasks::ExportSpec spec, ToExportSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::ExportResult result, tasks::RunExport(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kVisualize: {
      SB_ASSIGN_OR_RETURN(const tasks::VisualizeSpec spec, ToVisualizeSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::VisualizeResult result, tasks::RunVisualize(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kClean: {
      SB_ASSIGN_OR_RETURN(const tasks::CleanSpec spec, ToCleanSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::CleanResult result, tasks::RunClean(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kExplain: {
      SB_ASSIGN_OR_RETURN(const tasks::ExplainSpec spec, ToExplainSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::ExplainResult result, tasks::RunExplain(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kExplore: {
      SB_ASSIGN_OR_RETURN(const tasks::ExploreSpec spec, ToExploreSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::ExploreResult result, tasks::RunExplore(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::kMaximize: {
      SB_ASSIGN_OR_RETURN(const tasks::MaximizeSpec spec, ToMaximizeSpec(assignment));
      SB_ASSIGN_OR_RETURN(const tasks::MaximizeResult result, tasks::RunMaximize(spec, context));
      return ToOutput(assignment, result);
    }
    case v1::JobSpec::TASK_NOT_SET:
      break;
  }
  return absl::UnimplementedError("this worker does not know this kind of job: is it of the server's version?");
}

}  // namespace seedbed::worker
